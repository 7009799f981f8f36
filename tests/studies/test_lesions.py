"""Deleting and moving modules of networks trained on digits."""

import csv
import json

import matplotlib.image
import numpy as np
import pytest
from scipy import stats
from small_models import examples, network, vgg

from keras_resnet import studies

WITHOUT_STUDY = ("lesions", "multiple_lesions", "reorderings")


@pytest.fixture(scope="module")
def lesions(trained, digits):
    _, _, images, labels = digits
    return {
        name: studies.lesions(model, images, labels, plain=name == "plain20")
        for name, model in trained.items()
    }


def test_a_plain_network_suffers_more_than_a_residual_one(lesions, trained, digits):
    _, _, images, labels = digits
    for name, result in lesions.items():
        found = trained[name].predict(images, verbose=0).argmax(axis=1)
        assert result.baseline_error == pytest.approx(np.mean(found != labels))
        assert result.baseline_error < 0.3
    assert len(lesions["resnet20"].errors) == 6
    # Two of the plain network's modules change the shape.
    assert len(lesions["plain20"].errors) == 4
    assert lesions["plain20"].median_error > 2 * lesions["resnet20"].median_error


def test_what_is_written(lesions, tmp_path):
    result = lesions["resnet20"]
    paths = result.save(tmp_path / "new", "study --typed")
    assert [path.name for path in paths] == [
        "lesions.csv",
        "lesions.png",
        "lesions.json",
    ]
    rows = list(csv.DictReader(paths[0].open(encoding="utf-8")))
    assert [float(row["error (%)"]) for row in rows] == pytest.approx(
        [100 * error for error in result.errors]
    )
    assert [row["downsamples"] for row in rows].count("True") == 2
    height, width, _ = matplotlib.image.imread(paths[1]).shape
    assert height > 300
    assert width > 600
    document = json.loads(paths[2].read_text(encoding="utf-8"))
    assert document["command"] == "study --typed"
    assert document["baseline error (%)"] == 100 * result.baseline_error


def test_some_modules_alone(lesions, trained, digits):
    _, _, images, labels = digits
    result = studies.lesions(trained["resnet20"], images, labels, [5, 2])
    both = lesions["resnet20"].errors
    assert result.errors == (both[5], both[2])


def test_several_modules(lesions, trained, digits, tmp_path):
    _, _, images, labels = digits
    result = studies.multiple_lesions(
        trained["resnet20"], images, labels, [1, 3, 6], draws=6
    )
    one, three, all_of_them = result.spreads
    assert sorted(one.values) == sorted(lesions["resnet20"].errors)
    assert len(three.values) == len({*result.deleted[1]}) == 6
    assert {len({*which}) for which in result.deleted[1]} == {3}
    assert len(all_of_them.values) == 1
    assert three.median > one.median
    result.save(tmp_path)
    again = studies.multiple_lesions(
        trained["resnet20"], images[:50], labels[:50], [3], draws=6
    )
    assert again.deleted[0] == result.deleted[1]
    other = studies.multiple_lesions(
        trained["resnet20"], images[:50], labels[:50], [3], draws=6, seed=1
    )
    assert other.deleted != again.deleted


def test_orders(trained, digits, tmp_path):
    _, _, images, labels = digits
    result = studies.reorderings(trained["resnet20"], images, labels, [1, 5], draws=6)
    for found in result.reorderings:
        expected = stats.kendalltau(range(6), found.order).statistic
        assert found.tau == pytest.approx(expected)
        # What changes the shape stays.
        assert (found.order[2], found.order[4]) == (2, 4)
        assert sorted(found.order) == list(range(6))
    assert all(r.tau < 1 for r in result.reorderings if r.swaps == 1)
    result.save(tmp_path)
    rows = list(csv.DictReader((tmp_path / "reorderings.csv").open(encoding="utf-8")))
    assert len(rows) == 12


def test_kendall_tau(rng):
    for count in (2, 3, 10, 54):
        order = rng.permutation(count)
        pairs = [
            np.sign((j - i) * (order[j] - order[i]))
            for i in range(count)
            for j in range(i + 1, count)
        ]
        assert studies.kendall_tau(order) == pytest.approx(np.mean(pairs))
    assert studies.kendall_tau([0, 1, 2]) == 1
    assert studies.kendall_tau([2, 1, 0]) == -1
    for order in ([0], [0, 2], [0, 0, 1]):
        with pytest.raises(ValueError, match="each once"):
            studies.kendall_tau(order)


@pytest.fixture(scope="module")
def residual():
    return network()


@pytest.mark.parametrize("study", [studies.lesions, studies.multiple_lesions])
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"images": examples(side=6)[0]}, ValueError, "smaller than the 8x8 pixels"),
        ({"images": examples(side=9)[0]}, ValueError, "larger than the 8x8 pixels"),
        ({"images": examples()[0][..., :1]}, ValueError, "images of 3 channels"),
        ({"images": examples()[0][0]}, ValueError, "at least one image"),
        ({"labels": examples()[1][:3]}, ValueError, "each of 12 images"),
        ({"labels": examples()[1] + 1}, ValueError, "labels are of other classes"),
        ({"labels": examples()[1] / 2}, TypeError, "must be integers"),
        ({"batch_size": 0}, ValueError, "`batch_size` must be a positive"),
    ],
)
def test_what_is_not_of_the_model(residual, study, change, error, message):
    images, labels = examples()
    with pytest.raises(error, match=message):
        study(residual, **{"images": images, "labels": labels, **change})


@pytest.mark.parametrize(
    ("modules", "error", "message"),
    [
        ([5], ValueError, "5 modules, numbered from 0 to 4. Received: modules=5"),
        ([-1], ValueError, "numbered from 0 to 4"),
        ([0.5], TypeError, "must be integers"),
        ([], ValueError, "at least one"),
    ],
)
def test_modules_that_there_are_not(residual, modules, error, message):
    with pytest.raises(error, match=message):
        studies.lesions(residual, *examples(), modules)


def test_a_lesion_that_breaks_shapes():
    with pytest.raises(ValueError, match="'conv3_block1', which has no shortcut"):
        studies.lesions(network("plain20"), *examples(), [2], plain=True)


def test_numbers_that_there_are_not(residual):
    with pytest.raises(ValueError, match="integers from 1 to 5"):
        studies.multiple_lesions(residual, *examples(), [6])
    with pytest.raises(ValueError, match="`swaps` must be a positive"):
        studies.reorderings(residual, *examples(), [0])
    with pytest.raises(ValueError, match="`counts` must be integers from 1 to 5"):
        studies.multiple_lesions(residual, *examples(), [])
    with pytest.raises(ValueError, match="`swaps` must be integers from 1 to 10"):
        studies.reorderings(residual, *examples(), ())
    with pytest.raises(ValueError, match="none can be swapped"):
        studies.reorderings(network(depths=(1, 1, 1)), *examples())


def test_numbers_of_numpy(residual):
    images, labels = examples(4)
    found = studies.multiple_lesions(residual, images, labels, np.arange(1, 3), draws=1)
    assert [spread.x for spread in found.spreads] == [1, 2]
    found = studies.reorderings(residual, images, labels, np.arange(1, 3), draws=1)
    assert [r.swaps for r in found.reorderings] == [1, 2]


def test_networks_without_shortcuts():
    for study in map(studies.__getattribute__, WITHOUT_STUDY):
        with pytest.raises(ValueError, match="no residual modules"):
            study(vgg(), *examples())
    result = studies.lesions(vgg((8, 8)), *examples(), plain=True)
    assert [module.index for module in result.modules] == [1]
