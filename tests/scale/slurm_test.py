#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Slurm script of the documents, sent to a real Slurm of one node over the stand-in: one task is
killed, another is requeued, and all is made with no call paid twice. Speaks TAP.

Usage: slurm_test.py SCRIPT AIGC STANDIN"""
import os
import signal
import sys
import tempfile

import slurm
import standin

SHARDS = 4
KILLED, REQUEUED = 2, 1
NAME = "an array with a task killed and one requeued"
SLOW = 15  # seconds a picture takes until the kill: the task is surely inside then


def programs_of(task):
    """Process ids of aigc in a task of the array."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                environment = file.read().split(b"\0")
            with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                name = file.read().strip()
        except OSError:
            continue  # gone, or another's
        if name == "aigc" and f"SLURM_ARRAY_TASK_ID={task}".encode() in environment:
            found.append(int(pid))
    return found


def log_of(folder, task):
    try:
        with open(f"{folder}/aigc-{task}.log", encoding="utf-8") as log:
            return log.read()
    except OSError as error:
        return str(error)


def run(script, cluster, services, folder):
    standin.write_rows(f"{folder}/posts.csv")
    services.configure({"image": {"seconds": SLOW}})
    job = cluster.submit(script, folder, services.environment(folder))

    def has_paid(task):
        return all(services.paid("image")[row] for row in (task + 1, task + 1 + SHARDS))

    standin.wait_for("the orders of two tasks", lambda: has_paid(KILLED) and has_paid(REQUEUED)
                     or not cluster.states(job))
    pids = programs_of(KILLED)
    standin.expect(len(pids) == 1, f"aigc of task {KILLED}: {pids}")
    os.kill(pids[0], signal.SIGKILL)
    cluster.call("scontrol", "requeue", f"{job}_{REQUEUED}")
    services.configure({"image": {"seconds": 0.2}})
    standin.wait_for("the end of all tasks", lambda: not cluster.states(job), 90)
    for task in range(SHARDS):
        text = log_of(folder, task)
        begun = text.count(f"shard {task}/{SHARDS} by SLURM_ARRAY_TASK_ID")
        standin.expect(begun == (2 if task in (KILLED, REQUEUED) else 1), f"task {task}: {text}")
    standin.check_result(services, folder, SHARDS)


def main(script, aigc, program):
    print("1..1")
    os.environ["PATH"] = os.path.dirname(os.path.abspath(aigc)) + ":" + os.environ["PATH"]
    with tempfile.TemporaryDirectory(prefix="aigc-slurm-", ignore_cleanup_errors=True) as folder:
        os.environ["AIGC_CACHE_DIR"] = f"{folder}/store"
        os.makedirs(f"{folder}/slurm")
        try:
            cluster = slurm.Slurm(f"{folder}/slurm")
        except slurm.CannotRun as why:
            print(f"ok 1 - {NAME} # SKIP {why}")
            return
        except Exception as error:
            print(f"not ok 1 - {NAME}\n# {error!r}")
            return
        services = standin.Standin(program)
        try:
            run(script, cluster, services, folder)
            print(f"ok 1 - {NAME}")
        except Exception as error:  # whatever it was, the daemons are ended
            print(f"not ok 1 - {NAME}\n# {error!r}")
            print("# slurmctld: " + cluster.last("slurmctld"))
            for task in range(SHARDS):
                print(f"# task {task}: " + log_of(folder, task).replace("\n", "\n# "))
        finally:
            cluster.stop()
            services.close()


main(*sys.argv[1:])
