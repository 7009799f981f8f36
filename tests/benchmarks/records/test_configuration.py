import pytest

from keras_resnet.benchmarks.records import configuration
from keras_resnet.benchmarks.records.schema import Device, Model, hashed_serial


def test_labels_hold_what_tells_records_apart(make_record):
    records = [
        make_record(model=Model(name), threads=count, settings={"network": name})
        for name in "ab"
        for count in (1, 2)
    ]
    # The network says no more than the model does.
    labels = configuration.distinct_labels(records)
    assert labels == ["a, 1 thread", "a, 2 threads", "b, 1 thread", "b, 2 threads"]
    assert configuration.distinct_labels(records[:1]) == ["a"]
    assert configuration.label(records[0]) == (
        "a on processor: LiteRT Interpreter, 1 thread, network a"
    )


def test_of_each_configuration_the_last_counts(make_record):
    old, new = make_record(1.0), make_record(2.0)
    other = make_record(1.0, delegate_requested="none")
    assert list(configuration.newest([old, other, new]).values()) == [new, other]
    assert "no delegate" in configuration.label(other)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz", "Intel Core i7-8650U"),
        ("AMD Ryzen 7 8845HS Processor", "AMD Ryzen 7 8845HS"),
        ("CPU", "CPU"),
    ],
)
def test_a_hosts_name_is_short(make_record, name, short):
    record = make_record(device=Device(name, "host"))
    assert configuration.device_text(record) == short
    assert f" on {short}: " in configuration.label(record)


def test_two_phones_of_one_make_are_told_apart(make_record):
    records = [
        make_record(device=Device("Pixel 8", "phone", hashed_serial(serial)))
        for serial in ("A1", "B2")
    ]
    labels = list(map(configuration.label, records))
    assert len(set(labels)) == 2
    assert all("Pixel 8" in text for text in labels)
    assert len(set(configuration.distinct_labels(records))) == 2
