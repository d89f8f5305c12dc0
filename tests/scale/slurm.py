# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Slurm of one node in a temporary folder: its daemons run as who calls, on ports of their own,
need no cgroups, no systemd and no database, and end with the object, or by themselves."""
import os
import pwd
import shutil
import socket
import subprocess
import time

LONGEST_SECONDS = 280  # a daemon ends after that, whatever became of the test
START_SECONDS = 60
CALL_TRIES = 5
TOOLS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "sinfo", "timeout"]
CONF = """ClusterName=aigc
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
# A requeued job waits until its credential is out of date: two minutes, if nothing is said.
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 CPUs=8 State=UNKNOWN
PartitionName=main Nodes=node Default=YES MaxTime=INFINITE State=UP
"""


class CannotRun(Exception):
    """Why there is no Slurm here: a tool is missing, or a daemon ended."""


def find(tool):
    return shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Slurm:
    def __init__(self, folder):
        missing = [tool for tool in TOOLS if not find(tool)]
        if missing:
            raise CannotRun("there is no " + ", ".join(missing) + " (Debian: slurm-wlm, munge)")
        self.folder = folder
        self.daemons = []
        for name in ("state", "spool"):
            os.makedirs(f"{folder}/{name}")
        os.chmod(folder, 0o755)  # munged asks for it
        with open(os.open(f"{folder}/munge.key", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as key:
            key.write(os.urandom(64))
        self.host = socket.gethostname().split(".")[0]
        with open(f"{folder}/slurm.conf", "w", encoding="utf-8") as conf:
            conf.write(CONF.format(host=self.host, ports=free_ports(2), folder=folder,
                                   user=pwd.getpwuid(os.getuid()).pw_name))
        self.environment = dict(os.environ, SLURM_CONF=f"{folder}/slurm.conf")
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def start(self):
        self.daemon("munged", "--foreground", "--force", f"--key-file={self.folder}/munge.key",
                    f"--socket={self.folder}/munge.socket", f"--pid-file={self.folder}/munge.pid",
                    f"--seed-file={self.folder}/munge.seed", f"--log-file={self.folder}/munge.log")
        self.await_daemons(lambda: os.path.exists(f"{self.folder}/munge.socket"))
        self.daemon("slurmctld", "-D")
        self.daemon("slurmd", "-D", "-N", "node")
        self.await_daemons(lambda: self.call("sinfo", "-h", "-o", "%T", check=False) == "idle")

    def daemon(self, name, *arguments):
        with open(f"{self.folder}/{name}.out", "w", encoding="utf-8") as out:
            self.daemons.append((name, subprocess.Popen(
                [find("timeout"), "--kill-after=5", str(LONGEST_SECONDS), find(name), *arguments],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)))

    def await_daemons(self, ready):
        patience = time.monotonic() + START_SECONDS
        while time.monotonic() < patience:
            if ready():
                return
            for name, process in self.daemons:
                if process.poll() is not None:
                    raise CannotRun(f"{name} ended with {process.returncode}: {self.last(name)}")
            time.sleep(0.1)
        raise AssertionError(f"the node is not up after {START_SECONDS} s: " + " / ".join(
            f"{name}: {self.last(name)}" for name, _ in self.daemons))

    def last(self, name):
        """What a daemon said at the end."""
        with open(f"{self.folder}/{name}.out", encoding="utf-8", errors="replace") as out:
            return " / ".join(out.read().split("\n")[-4:]).strip()

    def call(self, tool, *arguments, check=True, **options):
        return subprocess.run([find(tool), *arguments], env=self.environment, text=True,
                              capture_output=True, check=check, timeout=30, **options).stdout.strip()

    def submit(self, script, folder, environment):
        """Returns the id of the array."""
        self.environment.update(environment)
        return self.call("sbatch", "--parsable", script, cwd=folder)

    def states(self, job):
        """Of the tasks that are not over, by their number. Not asked for by job: squeue fails for one
        that is forgotten, as it does when the controller is busy."""
        tasks = [line.split() for line in self.ask("squeue", "-h", "-r", "-o", "%F %K %T").splitlines()]
        return {number: state for array, number, state in tasks if array == job}

    def ask(self, tool, *arguments):
        """As call(), of a controller that may not answer at once."""
        for _ in range(CALL_TRIES - 1):
            try:
                return self.call(tool, *arguments)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
                time.sleep(0.5)
        return self.call(tool, *arguments)

    def stop(self):
        """Jobs first: they outlive slurmd."""
        if len(self.daemons) == len(("munged", "slurmctld", "slurmd")):
            self.call("scancel", "--signal=KILL", "--full", "-u", str(os.getuid()), check=False)
            self.call("scancel", "-u", str(os.getuid()), check=False)
        for _, process in reversed(self.daemons):
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
