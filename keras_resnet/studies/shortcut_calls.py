"""What a network computes on its shortcuts."""

import keras

from keras_resnet.studies.branched_parts import BranchedParts
from keras_resnet.studies.module import COLUMN
from keras_resnet.studies.recorded_calls import Call, Segment, record
from keras_resnet.studies.simplified_calls import simplified
from keras_resnet.studies.stretches import residual_parts
from keras_resnet.studies.subjects import usual_image_shape


def shortcut_operations(model: keras.Model) -> set[int]:
    """Return the `id` of every operation on a shortcut.

    Shortcuts are those of the modules that `find_modules` finds, with the gate
    of one, and those over several blocks. A network without modules has none.

    Args:
        model: As `find_modules` takes it.
    """
    found = set()
    recording = simplified(record(model, usual_image_shape(model)))
    for part in residual_parts(recording):
        if isinstance(part, BranchedParts):
            calls = _beside_branches(part)
        else:
            calls = part.region.shortcut.calls
        found |= {id(call.operation) for call in calls}
    return found


def _beside_branches(part: BranchedParts) -> list[Call]:
    """List the calls off the way through all residual branches in a row."""
    if any(branch.kind == COLUMN for branch in part.branches):
        return []
    made_by = {id(x): call for call in part.calls for x in call.outputs}
    branches = {id(branch.end): branch for branch in part.branches}
    in_row, x = set(), part.end
    while x is not part.start:
        call = made_by[id(x)]
        in_row.add(id(call))
        branch = branches.get(id(x))
        if branch is None:
            x = call.inputs[0]
            continue
        ((_, place),) = branch.inputs
        way = Segment(part.calls, branch.start, call.inputs[place])
        in_row |= {id(call) for call in way.calls}
        x = branch.start
    return [call for call in part.calls if id(call) not in in_row]
