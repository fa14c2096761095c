"""What it takes to have programs of npm use the built system: the packages, a Node to run them with, the system itself."""

import contextlib
import os
import platform
import shutil
import signal
import subprocess
import time

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


def install(source, folder, *beside, with_optional=False):
    """Installs what the lock file of a folder says into another one, and copies some more of it; the Node to run it with."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(source / name, folder)
    # Debian 12 has Node 18. One that is new enough is an optional dependency, a hundred megabytes.
    there = shutil.which("node")
    version = subprocess.run([there, "--version"], capture_output=True, text=True, check=True).stdout if there else "v0"
    old = int(version.lstrip("v").split(".")[0]) < 20
    omit = [] if old or with_optional else ["--omit=optional"]
    run("npm", "ci", *omit, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", cwd=folder)
    # A module looks for others beside itself.
    for name in beside:
        if (source / name).is_dir():
            shutil.rmtree(folder / name, ignore_errors=True)
            shutil.copytree(source / name, folder / name)
        else:
            shutil.copy(source / name, folder)
    if not old:
        return there
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return str(folder / "node_modules" / f"node-linux-{machine}" / "bin" / "node")


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
