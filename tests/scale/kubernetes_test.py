#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Kubernetes file of the documents: its fields fit together, and its command, environment and
volumes make the batch when plain processes take the place of the pods, one of them killed and made
anew. No cluster is asked. Speaks TAP.

Usage: kubernetes_test.py YAML AIGC STANDIN"""
import os
import re
import signal
import subprocess
import sys
import tempfile

import standin
from standin import expect

KILLED = 2


def one(entries, name):
    found = [entry for entry in entries if entry["name"] == name]
    expect(len(found) == 1, f"{name} is there {len(found)} times")
    return found[0]


def check_fields(documents):
    """Returns job, container, and mount paths by kind of volume."""
    by_kind = {document["kind"]: document for document in documents}
    expect(sorted(by_kind) == ["Job", "PersistentVolumeClaim"], f"kinds: {sorted(by_kind)}")
    claim, job = by_kind["PersistentVolumeClaim"], by_kind["Job"]
    expect(claim["apiVersion"] == "v1" and job["apiVersion"] == "batch/v1", "apiVersion")
    expect(claim["spec"]["accessModes"] == ["ReadWriteMany"], "many nodes write to the claim")
    spec, pod = job["spec"], job["spec"]["template"]["spec"]
    expect(spec["completionMode"] == "Indexed", "completionMode")
    expect(0 < spec["parallelism"] <= spec["completions"], "parallelism")
    expect(isinstance(spec["backoffLimitPerIndex"], int), "backoffLimitPerIndex")
    expect(pod["restartPolicy"] == "Never", "backoffLimitPerIndex asks for it")
    container = one(pod["containers"], "aigc")
    rules = spec["podFailurePolicy"]["rules"]
    expect(rules[0]["onExitCodes"]["containerName"] == container["name"], "podFailurePolicy")
    args = container["args"]
    expect(all(isinstance(word, str) for word in container["command"] + args), "words are texts")
    expect(args[args.index("--shards") + 1] == str(spec["completions"]), "--shards")
    paths = {}
    for volume in pod["volumes"]:
        kind = next(key for key in volume if key != "name")
        paths[kind] = one(container["volumeMounts"], volume["name"])["mountPath"]
    expect(sorted(paths) == ["persistentVolumeClaim", "secret"], f"volumes: {paths}")
    volume = next(v for v in pod["volumes"] if "persistentVolumeClaim" in v)
    expect(volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"], "claimName")
    for variable in container["env"]:
        expect(not variable["name"].endswith("_API_KEY"), "a key stands in the file")
        if variable["name"].endswith("_API_KEY_FILE"):
            expect(variable["value"].startswith(paths["secret"] + "/"), variable["name"])
    return spec["completions"], container, paths


class Pods:
    """Processes with the command and environment of the container, on folders of the test."""

    def __init__(self, container, aigc, folders, services):
        self.container, self.aigc, self.folders = container, aigc, folders
        self.base = {name: value for name, value in os.environ.items()
                     if not name.startswith(("SLURM_", "JOB_COMPLETION_INDEX"))
                     and not name.endswith("_API_KEY")}
        self.base |= {name: value for name, value in services.environment(folders["/keys"]).items()
                      if name.endswith("_BASE_URL")}

    def place(self, text):
        for path, folder in self.folders.items():
            text = re.sub(rf"(^|=){path}(?=/)", lambda found: found.group(1) + folder, text)
        return text

    def start(self, index):
        own = {"JOB_COMPLETION_INDEX": str(index)}
        own |= {one["name"]: self.place(one["value"]) for one in self.container["env"]}
        words = [re.sub(r"\$\((\w+)\)", lambda name: own[name.group(1)], word)
                 for word in self.container["args"]]
        expect(self.container["command"] == ["aigc"], "command")
        return subprocess.Popen([self.aigc, *map(self.place, words)], env=self.base | own,
                                cwd="/", text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)


def run_pods(completions, pods, services):
    services.configure({"image": {"seconds": 5}})  # the pod is surely inside when it is killed
    running = [pods.start(index) for index in range(completions)]
    rows = (KILLED + 1, KILLED + 1 + completions)
    standin.wait_for("the orders of a pod",
                     lambda: all(services.paid("image")[row] for row in rows))
    running[KILLED].send_signal(signal.SIGKILL)
    said = running[KILLED].communicate()[0]
    expect(running[KILLED].returncode == -signal.SIGKILL, f"it had ended before the kill: {said}")
    services.configure({"image": {"seconds": 0.2}})
    running[KILLED] = pods.start(KILLED)
    for index, process in enumerate(running):
        said = process.communicate(timeout=60)[0]
        expect(process.returncode == 0, f"pod {index}: {process.returncode}: {said}")
        expect(f"shard {index}/{completions} by JOB_COMPLETION_INDEX" in said, said)


def case(number, name, test):
    try:
        result = test()
        print(f"ok {number} - {name}")
        return result
    except Exception as error:
        print(f"not ok {number} - {name}\n# {error!r}")
        return None


def main(path, aigc, program):
    print("1..2")
    try:
        import yaml
    except ImportError:
        for number in (1, 2):
            print(f"ok {number} - an Indexed Job: there is no python3-yaml # SKIP")
        return
    with open(path, encoding="utf-8") as file:
        documents = list(yaml.safe_load_all(file))
    fields = case(1, "the fields fit together", lambda: check_fields(documents))
    with tempfile.TemporaryDirectory(prefix="aigc-pods-") as folder:
        services = standin.Standin(program)
        folders = {"/data": f"{folder}/data", "/keys": f"{folder}/keys"}
        for name in folders.values():
            os.mkdir(name)

        def whole():
            completions, container, paths = fields
            expect(sorted(paths.values()) == sorted(folders), f"mounts: {paths}")
            pods = Pods(container, os.path.abspath(aigc), folders, services)
            for name in ("dashscope", "deepseek"):
                os.symlink("key", f"{folders['/keys']}/{name}")
            standin.write_rows(f"{folders['/data']}/posts.csv")
            run_pods(completions, pods, services)
            standin.check_result(services, folders["/data"], completions)

        case(2, "its command makes the batch, with one pod killed", whole)
        services.close()


main(*sys.argv[1:])
