"""Accelerators: Coral's Edge TPU and Arm's Ethos-U."""

from keras_resnet.benchmarks.devices.figures import Device, Figure, Peak
from keras_resnet.export.edgetpu.hardware import ON_CHIP_BYTES
from keras_resnet.export.ethosu.accelerators import ACCELERATORS

USB_DATASHEET = "https://coral.ai/static/files/Coral-USB-Accelerator-datasheet.pdf"
MODULE_DATASHEET = (
    "https://coral.ai/static/files/Coral-Accelerator-Module-datasheet.pdf"
)
COMPILER = "https://coral.ai/docs/edgetpu/compiler"
VELA = "Arm vela.ini, which Vela installs in its folder Arm, section {}"
KIB = 1024


def _edge_tpu(name: str, title: str, datasheet: str, link: Figure) -> Device:
    return Device(
        name=name,
        title=title,
        kind="edge tpu",
        peaks=(Peak(1, {"int8": Figure(4e12, datasheet)}),),
        on_chip_bytes=Figure(ON_CHIP_BYTES, COMPILER),
        link=link,
        # The runtime does not tell which one has answered, where none was named.
        aliases=(name.replace("-", " "), "coral edge tpu"),
        of_cores=False,
    )


# System configuration, its clock in Hz and bytes a second of what is not SRAM.
ETHOS = {
    "ethos-u55": ("Ethos_U55_High_End_Embedded", 500e6, 0.5e9),
    "ethos-u65": ("Ethos_U65_Client_Server", 1e9, 12e9),
    "ethos-u85": ("Ethos_U85_SYS_DRAM_Mid", 1e9, 12e9),
}
# SRAM of the default memory mode. Shared_Sram, that of the U55, names no size.
DEDICATED_SRAM = Figure(384 * KIB, VELA.format("Memory_Mode.Dedicated_Sram_384KB"))
SRAM = {"ethos-u65": DEDICATED_SRAM, "ethos-u85": DEDICATED_SRAM}


def _ethos_u(name: str) -> Device:
    row = ACCELERATORS[name]
    system, clock, bandwidth = ETHOS[row.family]
    source = VELA.format(f"System_Config.{system}")
    return Device(
        name=name,
        title=f"Arm {name.replace('ethos-u', 'Ethos-U')} ({system})",
        kind="ethos-u",
        peaks=(
            Peak(
                1,
                {
                    "int8": Figure(
                        2 * row.macs_per_cycle * clock,
                        source,
                        f"{row.macs_per_cycle} MACs a cycle at {clock / 1e6:g} MHz",
                    )
                },
            ),
        ),
        on_chip_bytes=SRAM.get(row.family),
        memory_bandwidth=Figure(bandwidth, source),
        keeps_weights=False,
        aliases=(name,),
        of_cores=False,
    )


EDGE_TPUS = (
    _edge_tpu(
        "coral-usb",
        "Coral USB Accelerator",
        USB_DATASHEET,
        Figure(0.5e9, USB_DATASHEET, "USB 3.1 Gen 1: 5 Gbit/s, 8 of 10 bits"),
    ),
    _edge_tpu(
        "coral-m2",
        "Coral M.2 or Mini PCIe Accelerator",
        MODULE_DATASHEET,
        Figure(0.5e9, MODULE_DATASHEET, "PCIe Gen2 x1: 5 GT/s, 8 of 10 bits"),
    ),
)
ETHOS_U = tuple(map(_ethos_u, ACCELERATORS))
