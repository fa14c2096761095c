"""Builds the crate `playground` where something is missing, and looks at what it says then. The crate depends on nothing, so
that is a matter of seconds."""

import os
import shutil
import subprocess
from pathlib import Path

import drive

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 300


class Builds:
    """Builds of the crate in a folder of their own."""

    def __init__(self, folder):
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.shadow = shadow(folder / "path")
        self.number = 0

    def build(self, **environment):
        """Exit code, what `contents` prints, and what Cargo says, of a first build."""
        self.number += 1
        settings = {"CARGO_TARGET_DIR": str(self.folder / f"target-{self.number}"), "ROOKERY_PLAYGROUND": ""}
        done = subprocess.run(["cargo", "run", "--locked", "-p", "playground", "--example", "contents"],
                              cwd=ROOT, env=os.environ | settings | environment, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        return done.returncode, done.stdout.strip(), done.stderr


def shadow(folder):
    """A PATH with everything that this one has but Node."""
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        if not os.path.isdir(place):
            continue
        for entry in os.scandir(place):
            link = folder / entry.name
            if entry.name not in ("node", "nodejs", "npm", "npx") and not link.is_symlink():
                link.symlink_to(entry.path)
    return folder


def program(folder, name, script):
    """A PATH with a program in front of the shadow."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    return folder


def check(folder):
    builds = Builds(folder)
    shadowed = str(builds.shadow)
    old = program(folder / "old", "node", "echo v18.19.0")
    broken = program(folder / "broken", "npm", 'if [ "$1" = --version ]; then echo 9; else echo no such host; exit 1; fi')
    new = program(folder / "new", "node", "echo v22.12.0")

    def missing(what, reason, said, **environment):
        code, printed, stderr = builds.build(**environment)
        drive.expect(f"{what}: the build", (code, printed), (0, f"missing: {reason}"))
        for text in said:
            if text not in stderr:
                raise drive.Wrong(f"{what}: Cargo does not say {text!r}:\n{stderr}")
        print(f"{what}: {printed}", flush=True)

    missing("switched off", "it was left out of this build (ROOKERY_PLAYGROUND=off)", [], ROOKERY_PLAYGROUND="off")
    no_node = "there was no Node on the machine that built this"
    missing("no Node", no_node, [f"/playground is missing: {no_node}", "apt-get install nodejs npm"], PATH=shadowed)
    missing("no npm", "there was no npm on the machine that built this", ["everything else works"],
            PATH=f"{new}:{shadowed}")
    failed = "fetching its packages (npm ci) failed: exit status: 1"
    missing("no network", failed, [failed, "no such host"], PATH=f"{new}:{broken}:{shadowed}")
    missing("an old Node and no network", failed, ["no such host"], PATH=f"{old}:{broken}:{shadowed}")

    code, _, stderr = builds.build(PATH=shadowed, ROOKERY_PLAYGROUND="required")
    if code == 0 or no_node not in stderr:
        raise drive.Wrong(f"required without Node: exit {code}\n{stderr}")
    code, _, stderr = builds.build(ROOKERY_PLAYGROUND="of")
    if code == 0 or "it may be auto, off or required" not in stderr:
        raise drive.Wrong(f"a wish that is none: exit {code}\n{stderr}")
    print("required: the build fails without Node", flush=True)
