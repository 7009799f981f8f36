"""Devices that are not there: an `adb` on the PATH that plays them.

Commands for a device's shell are run by this machine's own, with the device's
folders below a temporary one, so that quoting and exit statuses are real. What
programs print was recorded: tensorflow/tensorflow issues 42507 and 43541 and
bryanroscoe/shield_optimizer issue 6 on GitHub; LiteRT's table is that of its
source, `litert/tools/benchmark_litert_model.h`.
"""

import json
import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

ADB = """
import json, os, subprocess, sys, time
from pathlib import Path

HERE = Path(__file__).parent
DEVICES = json.loads((HERE / "devices.json").read_text())
arguments = sys.argv[1:]

def fail(text, status=1):
    print(text, file=sys.stderr)
    sys.exit(status)

if arguments == ["devices"]:
    print("* daemon not running; starting now at tcp:5037")
    print("List of devices attached")
    for serial, device in DEVICES.items():
        print(f"{serial}\\t{device['state']}")
    sys.exit(0)
assert arguments[0] == "-s"
serial, verb, *words = arguments[1:]
device = DEVICES.get(serial)
root = HERE / "devices" / serial
gone = root / "gone"
if device is None or gone.exists():
    fail(f"error: device '{serial}' not found")
if device["state"] == "offline":
    fail("adb: device offline")
if device["state"] == "unauthorized":
    fail("error: device unauthorized.\\nThis adb server's $ADB_VENDOR_KEYS is not set")

def local(text):
    for folder in ("/data/local/tmp", "/sys/devices", "/proc/meminfo"):
        text = text.replace(folder, f"{root}{folder}")
    return text

with open(root / "calls", "a") as log:
    log.write(json.dumps([verb, *words]) + "\\n")
if verb == "push":
    source, target = words
    if device.get("full") and target.endswith(".tflite"):
        fail(f"adb: error: failed to copy '{source}' to '{target}': remote couldn't "
             "create file: No space left on device")
    Path(local(target)).write_bytes(Path(source).read_bytes())
    print(f"{source}: 1 file pushed, 0 skipped. 30.1 MB/s")
elif verb == "pull":
    source, target = words
    Path(target).write_bytes(Path(local(source)).read_bytes())
    print(f"{source}: 1 file pulled, 0 skipped.")
else:
    (line,) = words
    runs = "--graph=" in line
    if runs and device.get("hangs"):
        time.sleep(60)
        (root / "woke").touch()
    environment = {**os.environ, "PATH": f"{root}/bin{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", local(line)], stdout=subprocess.PIPE, env=environment
    )
    output = done.stdout
    if runs and device.get("vanishes"):
        gone.touch()
        sys.stdout.buffer.write(output[: len(output) // 2])
        sys.exit(255)
    if device.get("carriage_returns"):
        output = output.replace(b"\\n", b"\\r\\n")
    sys.stdout.buffer.write(output)
    sys.exit(0 if device.get("old") else done.returncode)
"""
TOOL = """#!/bin/sh
here="$(dirname "$0")"
case "$*" in
*--help*) cat "$here/../help"; exit 0;;
esac
for flag in "$@"; do
  case "$flag" in
  --result_file_path=*) [ -f "$here/../binary" ] && cp "$here/../binary" "${flag#*=}";;
  esac
done
echo "$@" >> "$here/../runs"
echo "$LD_LIBRARY_PATH" >> "$here/../library_paths"
cat "$here/../text" >&2
exit $(cat "$here/../status")
"""
CLASSIC_HELP = """usage: benchmark_model <flags>
Flags:
\t--num_runs=50\tint32\toptional\texpected number of runs
\t--graph=\tstring\trequired\tgraph file name
\t--use_xnnpack=false\tbool\toptional\texplicitly apply the XNNPACK delegate
"""
LITERT_HELP = """usage: benchmark_model <flags>
Flags:
\t--num_runs=50\tint32\toptional\texpected number of runs
\t--graph=\tstring\toptional\tThe path to the model file.
\t--use_npu=false\tbool\toptional\tWhether to use NPU accelerator.
\t--dispatch_library_path=\tstring\toptional\tDispatch library path.
\t--result_file_path=\tstring\toptional\tPath to save the benchmark result
"""
CLASSIC = """STARTING!
Log parameter values verbosely: [0]
Min num runs: [50]
Num threads: [4]
Min warmup runs: [1]
Graph: [/data/local/tmp/model.tflite]
#threads used for CPU inference: [4]
Loaded model /data/local/tmp/model.tflite
INFO: Initialized TensorFlow Lite runtime.
INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
VERBOSE: Replacing 30 out of 40 node(s) with delegate (TfLiteXNNPackDelegate) node, \
yielding 3 partitions for the whole graph.
The input model file size (MB): 0.004448
Initialized session in 0.855ms.
Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate \
if exceeding 150 seconds.
count=15 first=49060 curr=33682 min=32825 max=49060 avg=34825.1 std=3930

Running benchmark for at least 50 iterations and at least 1 seconds but terminate \
if exceeding 150 seconds.
count=50 first=32891 curr=33978 min=32641 max=34005 avg=33209.4 std=450

Inference timings in us: Init: 855, First inference: 49060, Warmup (avg): 34825.1, \
Inference (avg): 33209.4
Note: as the benchmark tool itself affects memory footprint, the following is only \
APPROXIMATE to the actual memory footprint of the model at runtime. Take the \
information at your discretion.
Memory footprint delta from the start of the tool (MB): init=1.5 overall=12.8672
Overall peak memory footprint (MB) via periodic monitoring: 20.5
"""
LITERT = """INFO: [benchmark_litert_model.cc:122] Loading model from: model.tflite
INFO: [compiled_model.cc:719] Flatbuffer model initialized directly from incoming \
litert model.
INFO: Replacing 40 out of 40 node(s) with delegate (DispatchDelegate) node, yielding \
1 partitions for subgraph 0.
INFO: [benchmark_litert_model.h:72]
========== BENCHMARK RESULTS ==========
INFO: [benchmark_litert_model.h:73] Model initialization: 12.34 ms
INFO: [benchmark_litert_model.h:74] Warmup (first):       5.60 ms
INFO: [benchmark_litert_model.h:76] Warmup (avg):         2.50 ms (200 runs)
INFO: [benchmark_litert_model.h:78] Inference (avg):      2.21 ms (453 runs)
INFO: [benchmark_litert_model.h:82] Inference (min):      2.02 ms
INFO: [benchmark_litert_model.h:84] Inference (max):      3.33 ms
INFO: [benchmark_litert_model.h:86] Inference (std):      0.12
INFO: [benchmark_litert_model.h:94] Throughput:           1.36 MB/s
INFO: [benchmark_litert_model.h:104]
Memory Usage:
INFO: [benchmark_litert_model.h:105] Init footprint:       8.25 MB
INFO: [benchmark_litert_model.h:107] Overall footprint:    9.50 MB
INFO: [benchmark_litert_model.h:116] Peak memory usage not available. (peak_mem_mb <= 0)
INFO: [benchmark_litert_model.h:120] ======================================
"""
THERMAL = """IsStatusOverride: false
ThermalEventListeners:
\tcallbacks: 1
\tkilled: false
\tbroadcasts count: -1
Thermal Status: 0
Cached temperatures:
\tTemperature{mValue=36.0, mType=1, mName=GPU, mStatus=0}
\tTemperature{mValue=37.0, mType=0, mName=CPU0, mStatus=0}
HAL Ready: true
HAL connection:
\tThermalHAL 1.1 connected: yes
Current temperatures from HAL:
\tTemperature{mValue=66.5, mType=0, mName=CPU0, mStatus=0}
\tTemperature{mValue=64.0, mType=0, mName=CPU1, mStatus=0}
\tTemperature{mValue=90.0, mType=1, mName=GPU, mStatus=0}
Current cooling devices from HAL:
\tCoolingDevice{mValue=0, mType=0, mName=fan}
"""
PROPERTIES = """[ro.build.version.release]: [14]
[ro.product.manufacturer]: [Google]
[ro.product.model]: [Pixel 8]
[ro.soc.model]: [Tensor G3]
"""
# Cores of a phone of 4 slow, 4 middle and 1 fast one.
FREQUENCIES = {**dict.fromkeys(range(4), 1_704_000), 4: 2_367_000, 5: 2_367_000}
FREQUENCIES |= {6: 2_367_000, 7: 2_367_000, 8: 2_914_000}


class Phones:
    """The devices that the `adb` on the PATH plays."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.devices = {}
        self.tool = folder / "benchmark_model"
        self.tool.write_text(TOOL, "utf-8")

    def add(self, serial, *, tool_help=CLASSIC_HELP, text=CLASSIC, binary=None, **kind):
        """Attach a device whose tool prints `text` and writes `binary`."""
        status = kind.pop("status", 0)
        self.devices[serial] = {"state": "device", **kind}
        (self.folder / "devices.json").write_text(json.dumps(self.devices), "utf-8")
        root = self.folder / "devices" / serial
        shutil.rmtree(root, ignore_errors=True)
        programs, storage = root / "bin", root / "data/local/tmp"
        programs.mkdir(parents=True)
        storage.mkdir(parents=True)
        for name, content in (
            ("help", tool_help),
            ("text", text),
            ("status", str(status)),
            ("thermal", THERMAL),
            ("properties", PROPERTIES),
        ):
            where = storage if name in ("help", "text", "status") else root
            (where / name).write_text(content, "utf-8")
        if binary is not None:
            (storage / "binary").write_bytes(binary)
        executable(programs / "getprop", f"#!/bin/sh\ncat '{root}/properties'\n")
        executable(programs / "dumpsys", f"#!/bin/sh\ncat '{root}/thermal'\n")
        executable(
            programs / "taskset",
            f'#!/bin/sh\necho "$1" >> \'{root}/masks\'\nshift\nexec "$@"\n',
        )
        (root / "proc").mkdir()
        (root / "proc/meminfo").write_text("MemTotal:        7811528 kB\n", "utf-8")
        for core, frequency in FREQUENCIES.items():
            cpu = root / f"sys/devices/system/cpu/cpu{core}/cpufreq"
            cpu.mkdir(parents=True)
            (cpu / "cpuinfo_max_freq").write_text(f"{frequency}\n", "utf-8")
        return root

    def runs(self, serial):
        """Return the flags of every run on a device."""
        path = self.folder / "devices" / serial / "data/local/tmp/runs"
        return path.read_text("utf-8").splitlines() if path.exists() else []

    def masks(self, serial):
        """Return the masks that `taskset` was given."""
        path = self.folder / "devices" / serial / "masks"
        return path.read_text("utf-8").split() if path.exists() else []

    def left(self, serial):
        """Return the folders that were left on a device."""
        storage = self.folder / "devices" / serial / "data/local/tmp"
        return [entry.name for entry in storage.iterdir() if entry.is_dir()]


def executable(path, text):
    """Write a program."""
    path.write_text(text, "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)


@pytest.fixture
def phones(tmp_path, monkeypatch):
    """Put an `adb` on the PATH that plays devices."""
    if os.name != "posix":
        pytest.skip("the devices are played by a POSIX shell")
    folder = tmp_path / "phones"
    folder.mkdir()
    executable(folder / "adb", f"#!{sys.executable} -SE\n{ADB}")
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return Phones(folder)


@pytest.fixture(scope="session")
def recorded():
    """Texts that were recorded."""
    return {
        "classic": CLASSIC,
        "litert": LITERT,
        "thermal": THERMAL,
        "properties": PROPERTIES,
        "classic_help": CLASSIC_HELP,
        "litert_help": LITERT_HELP,
    }
