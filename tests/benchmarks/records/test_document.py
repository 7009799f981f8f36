import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_resnet.benchmarks.records import schema
from keras_resnet.benchmarks.records.document import (
    RecordError,
    from_plain,
    to_plain,
)

names = st.text(max_size=20).filter(lambda text: text != "not measured")
numbers = st.floats(allow_nan=False, allow_infinity=False)
times = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
counts = st.integers(0, 2**40)
records = st.builds(
    schema.BenchmarkRecord,
    model=st.builds(
        schema.Model,
        name=names,
        sha256=st.none() | names,
        size_bytes=st.none() | counts,
        operators=st.none() | st.dictionaries(names, counts, max_size=3),
        input_types=st.none() | st.lists(names, max_size=2).map(tuple),
        output_types=st.none() | st.lists(names, max_size=2).map(tuple),
    ),
    device=st.builds(schema.Device, name=names, kind=names, cores=st.none() | counts),
    runtime=names,
    runtime_version=st.none() | names,
    basis=st.sampled_from(["measured", "predicted", "modelled by Vela 4.2"]),
    delegate_share=st.none() | st.floats(0, 1),
    threads=st.none() | counts,
    latency=st.builds(
        schema.Latency,
        p50_ms=st.none() | numbers,
        samples_ms=st.none() | st.lists(times, max_size=4).map(tuple),
    ),
    energy_mj=st.none() | numbers,
    thermal_before=st.none() | st.builds(schema.Thermal, status=st.none() | names),
    accuracy=st.none() | st.builds(schema.Accuracy, correct=counts, count=counts),
    figures=st.dictionaries(names, numbers, max_size=3),
    settings=st.dictionaries(
        names, names | counts | numbers | st.booleans(), max_size=3
    ),
    layers=st.none()
    | st.lists(
        st.builds(schema.Layer, name=names, operator=names, ms=st.none() | numbers),
        max_size=2,
    ).map(tuple),
    date=names,
    notes=st.lists(names, max_size=2).map(tuple),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(records)
def test_what_is_written_is_read_back(record):
    text = json.dumps(to_plain(record), allow_nan=False)
    assert from_plain(json.loads(text)) == record


def test_what_was_not_measured_says_so(make_record):
    plain = to_plain(make_record())
    for field in ("peak_memory_bytes", "energy_mj", "thermal_before", "layers"):
        assert plain[field] == "not measured"
    assert plain["schema"] == "keras_resnet.benchmarks.record"
    assert plain["schema_version"] == schema.SCHEMA_VERSION


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        [field.name for field in dataclasses.fields(schema.BenchmarkRecord)]
    ),
    json_values,
)
def test_a_wrong_value_is_refused_by_name_or_is_a_right_one(field, value):
    device = schema.Device("a", "host")
    record = schema.BenchmarkRecord(schema.Model("m"), device, "r")
    said = ""
    try:
        read = from_plain(to_plain(record) | {field: value})
    except RecordError as error:
        said = str(error)
    else:
        # Integers are numbers, too, and an empty table is one of any kind.
        assert from_plain(to_plain(read)) == read
    assert len(said.splitlines()) <= 1
    assert len(said) < 300


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "another"}, "it is no record with the schema"),
        ({"schema_version": 2}, "its schema version is 2"),
        ({"colour": 1}, "it has an unknown field 'colour'"),
        ({"model": {"name": "m", "colour": 1}}, "unknown field 'colour' in `model`"),
        ({"model": {}}, "it lacks the field `model.name`"),
        ({"threads": True}, "`threads` must be an integer. Received: True"),
        ({"threads": 1.5}, "`threads` must be an integer"),
        ({"latency": {"p50_ms": float("nan")}}, "must be a finite number"),
        ({"latency": {"p50_ms": 10**400}}, "`latency.p50_ms` must be a finite number"),
        ({"latency": {"samples_ms": [1, "2"]}}, "`latency.samples_ms[]` must be a num"),
        ({"latency": {"samples_ms": [1, 0]}}, "must be times above 0"),
        (
            {"latency": {"samples_ms": [1, 2], "samples_per_round": [1, 2]}},
            "sum to the samples",
        ),
        ({"layers": {}}, "`layers` must be a list"),
        ({"settings": {"mode": [1]}}, "`settings.mode` must be a text, a number or"),
        ({"delegate_share": 2}, "`delegate_share` must be from 0 to 1"),
        ({"basis": "guessed"}, "`basis` must be 'measured', 'predicted' or"),
        ({"runtime": "\x1b[2J"}, None),
    ],
)
def test_each_fault_is_named(make_record, change, said):
    plain = to_plain(make_record()) | change
    if said is None:
        assert from_plain(plain).runtime == "\x1b[2J"
        return
    with pytest.raises(RecordError) as error:
        from_plain(plain)
    assert said in str(error.value)


def test_a_serial_number_is_not_kept():
    assert schema.hashed_serial("R58M1") != schema.hashed_serial("R58M2")
    assert "R58M1" not in schema.hashed_serial("R58M1")
