"""Prints the figures and texts of a run's folder as JSON, as TensorBoard reads them.

    python3 read_events.py FOLDER
"""
import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0})
run.Reload()
figures = {tag: [[event.step, event.value] for event in run.Scalars(tag)] for tag in run.Tags()["scalars"]}
texts = {tag: [[event.step, event.tensor_proto.string_val[0].decode("utf-8")] for event in run.Tensors(tag)]
         for tag in run.Tags()["tensors"] if run.SummaryMetadata(tag).plugin_data.plugin_name == "text"}
print(json.dumps({"figures": figures, "texts": texts}, sort_keys=True))
