"""What it takes to have programs of npm use the built system: the packages, a Node to run them with, the system itself."""

import contextlib
import json
import os
import platform
import shutil
import signal
import subprocess
import time
import typing
from pathlib import Path

import drive

# How long npm, and all programs together, may take, in seconds.
PATIENCE = 600
# How long processes may take to end.
END_SECONDS = 30


def run(*command, **options):
    """Runs a command with what it prints shown; nothing that it started is left."""
    process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, start_new_session=True, **options)
    try:
        code = process.wait(PATIENCE)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if code:
        raise drive.Wrong(f"{command[0]} {command[1]}: exit {code}")


class Installed(typing.NamedTuple):
    """A copy of a suite with its npm packages."""

    folder: Path
    # The Node to run the suite with.
    node: str
    # A PATH that starts with that Node and the programs of the packages.
    path: str

    def package(self, name):
        """The folder of a package: npm installs it beside the suite or, if several suites can share it, at the root."""
        found = (folder / "node_modules" / name for folder in (self.folder, *self.folder.parents))
        return next((folder for folder in found if folder.is_dir()), None)


def install(suite, folder, *beside, with_optional=False):
    """Installs the npm packages of a suite, and of no other one, into a folder, and copies the named parts of the suite there.

    The lock file is the suite's own or that of the npm workspace above it.
    """
    root = next(folder for folder in (suite, *suite.parents) if (folder / "package-lock.json").exists())
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(root / name, folder)
    # npm compares the lock file with every member, whichever it installs.
    for member in json.loads((root / "package.json").read_text()).get("workspaces", []):
        (folder / member).mkdir(parents=True, exist_ok=True)
        shutil.copy(root / member / "package.json", folder / member)
    place = folder / suite.relative_to(root)
    # Debian 12 has Node 18. One that is new enough is an optional dependency of a hundred megabytes.
    node = shutil.which("node")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout if node else "v0"
    old = int(version.lstrip("v").split(".")[0]) < 20
    only = [] if place == folder else [f"--workspace={suite.relative_to(root)}"]
    omit = [] if old or with_optional else ["--omit=optional"]
    run("npm", "ci", *only, *omit, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", cwd=folder)
    # A module looks for packages in the folders above it.
    for name in beside:
        if (suite / name).is_dir():
            shutil.rmtree(place / name, ignore_errors=True)
            shutil.copytree(suite / name, place / name)
        else:
            shutil.copy(suite / name, place)
    if old:
        machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
        node = str(folder / "node_modules" / f"node-linux-{machine}" / "bin" / "node")
    programs = (str(part / "node_modules" / ".bin") for part in dict.fromkeys((place, folder)))
    return Installed(place, node, os.pathsep.join((os.path.dirname(node), *programs, os.environ["PATH"])))


@contextlib.contextmanager
def running(program, scratch, variables=None, name="system"):
    """The origin of a system that runs meanwhile; its log, when anything is wrong. It must leave no process."""
    port = drive.free_ports()
    origin = f"http://127.0.0.1:{port}"
    log, data = scratch / f"{name}.log", scratch / f"{name}-data"
    # The account that PostgreSQL runs as has to get through to its data.
    scratch.chmod(0o755)
    shutil.rmtree(data, ignore_errors=True)
    with log.open("wb") as out:
        system = subprocess.Popen([program, "--port", str(port), "--data-dir", data], stdin=subprocess.DEVNULL,
                                  stdout=out, stderr=subprocess.STDOUT, cwd=drive.ROOT,
                                  env={**drive.environment(), **(variables or {})})
    try:
        print(f"{name}: ready after {drive.wait_until_ready(system, origin, log):.1f} s", flush=True)
        yield origin
        print(f"{name}: stopped with {drive.stop(system, data, port)} processes, none left")
    except (drive.Wrong, OSError, subprocess.TimeoutExpired):
        print(f"--- the log of the system\n{log.read_text(errors='replace')[-4000:]}", flush=True)
        raise
    finally:
        end(system, data)


def end(system, data):
    """Ends what is left of the system after this program broke off."""
    if system.poll() is None:
        system.send_signal(signal.SIGINT)
        try:
            system.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            system.kill()
            system.wait()
    # A killed system leaves its PostgreSQL to the guard process; wait until that is done.
    begin = time.monotonic()
    while drive.belonging(system.pid, data) and time.monotonic() - begin < END_SECONDS:
        time.sleep(0.1)
