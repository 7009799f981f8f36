"""Boards and small computers.

The peaks are what https://github.com/pigirons/cpufp measured on them, a loop
of nothing but the fastest instruction of a kind.
"""

from keras_resnet.benchmarks.devices.figures import Device, Figure, Peak

CPUFP = (
    "https://github.com/pigirons/cpufp/blob/67c2571f10c8572d6cab97302e185cab667f559d"
    "/benchmark_result/"
)
GIGA = 1e9
MIB = 2**20


def _peak(cores: int, file: str, **operations: float) -> Peak:
    return Peak(
        cores,
        {
            precision: Figure(value * GIGA, CPUFP + file)
            for precision, value in operations.items()
        },
    )


RASPBERRY_PI_4 = (
    "https://issuu.com/28rduan/docs/raspberrypi_beginnersguide_v3/236, The Official "
    "Raspberry Pi Beginner's Guide, appendix F"
)
RASPBERRY_PI_5 = (
    "https://circuitdigest.com/news/the-new-raspberry-pi-5-is-here-faster-than-ever"
)
ORIN_NANO = (
    "https://www.scribd.com/document/673174036/Orin-nano-datasheet, NVIDIA's data "
    "sheet of the Jetson Orin Nano series"
)
ORIN_NANO_SPEEDS = (
    "https://www.brojogopalsapui.com/ai-foundations/sub_contents/AI_hardware/"
    "jetson_orin_nano_light.html"
)
N100 = "https://notebookcheck.com/N100-vs-Z8350-vs-N50_14932_8088_14971.247552.0.html"
N100_CACHE = (
    "https://www.noticias3d.com/noticia/92420/"
    "intel-n50-procesador-lento-especificaciones.html"
)
RYZEN = (
    "https://www.notebookcheck.it/"
    "AMD-Hawk-Point-Zen-4-4c-Ryzen-8040-R7-8845HS-Notebook-Processor.781081.0.html"
)

BOARDS = (
    Device(
        name="raspberry-pi-4",
        title="Raspberry Pi 4 Model B (Cortex-A72, 1.5 GHz)",
        kind="board",
        # The cores have no dot product of 8-bit integers, and no source tells
        # how many they multiply.
        peaks=(
            _peak(1, "arm64/Broadcom_BCM2711.md", float32=11.958),
            _peak(4, "arm64/Broadcom_BCM2711.md", float32=47.883),
        ),
        on_chip_bytes=Figure(
            1 * MIB, "https://github.com/ponyatov/nimbook/wiki/BCM2711", "shared L2"
        ),
        memory_bandwidth=Figure(
            12.8e9, RASPBERRY_PI_4, "LPDDR4-3200 on a bus of 32 bits"
        ),
        aliases=("raspberry pi 4", "bcm2711"),
    ),
    Device(
        name="raspberry-pi-5",
        title="Raspberry Pi 5 (Cortex-A76, 2.4 GHz)",
        kind="board",
        peaks=(
            _peak(
                1,
                "arm64/Broadcom_BCM2712.md",
                int8=153.48,
                float16=76.738,
                float32=38.369,
            ),
            _peak(
                4,
                "arm64/Broadcom_BCM2712.md",
                int8=614.02,
                float16=306.98,
                float32=153.5,
            ),
        ),
        on_chip_bytes=Figure(4 * MIB, RASPBERRY_PI_5, "L3 and four times the L2"),
        memory_bandwidth=Figure(
            17.068e9, RASPBERRY_PI_5, "LPDDR4X at 4,267 MT/s on a bus of 32 bits"
        ),
        aliases=("raspberry pi 5", "bcm2712"),
    ),
    Device(
        name="jetson-orin-nano-8gb",
        title="NVIDIA Jetson Orin Nano 8 GB (its GPU)",
        kind="board",
        of_cores=False,
        peaks=(
            Peak(
                1,
                {
                    "int8": Figure(
                        20e12, ORIN_NANO_SPEEDS, "40 TOPS of sparse, half of it dense"
                    ),
                    "float32": Figure(
                        1.28e12,
                        ORIN_NANO,
                        "1,024 CUDA cores at 625 MHz, two operations each",
                    ),
                },
            ),
        ),
        on_chip_bytes=Figure(4 * MIB, ORIN_NANO, "system cache"),
        memory_bandwidth=Figure(68e9, ORIN_NANO_SPEEDS),
        aliases=("orin nano",),
    ),
    Device(
        name="intel-n100",
        title="Intel N100 (Gracemont)",
        kind="board",
        peaks=(
            _peak(1, "x64/Intel_N100.md", int8=108.51, float32=54.247),
            _peak(4, "x64/Intel_N100.md", int8=369.66, float32=185.08),
        ),
        on_chip_bytes=Figure(
            6 * MIB,
            N100_CACHE,
            "L3 of the N50, which is the same chip",
        ),
        memory_bandwidth=Figure(38.4e9, N100, "one channel of DDR5-4800, 64 bits"),
        aliases=("n100",),
    ),
    Device(
        name="ryzen-7-8845hs",
        title="AMD Ryzen 7 8845HS (Zen 4)",
        kind="board",
        peaks=(
            _peak(1, "x64/AMD_Ryzen7_8845HS.md", int8=647.97, float32=163.58),
            _peak(8, "x64/AMD_Ryzen7_8845HS.md", int8=5113.8, float32=1283.6),
        ),
        on_chip_bytes=Figure(16 * MIB, RYZEN, "L3"),
        memory_bandwidth=Figure(89.6e9, RYZEN, "two channels of DDR5-5600, 128 bits"),
        aliases=("8845hs",),
    ),
)
