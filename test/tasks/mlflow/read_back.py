"""Prints what MLflow's own client finds of the runs of an experiment, a line of JSON for each that stdin names: read_back.py URI"""
import hashlib
import json
import pathlib
import sys
import tempfile

from mlflow import MlflowClient

client = MlflowClient(sys.argv[1])


def files_of(run_id):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(client.download_artifacts(run_id, "", folder))
        return {
            str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in root.rglob("*")
            if path.is_file()
        }


def history_of(run_id, key):
    return [[m.step, m.timestamp, repr(m.value)] for m in client.get_metric_history(run_id, key)]


def shown(run):
    return {
        "id": run.info.run_id,
        "name": run.info.run_name,
        "status": run.info.status,
        "start": run.info.start_time,
        "end": run.info.end_time,
        "params": run.data.params,
        "tags": run.data.tags,
        "metrics": {key: history_of(run.info.run_id, key) for key in run.data.metrics},
        "files": files_of(run.info.run_id),
    }


for line in sys.stdin:
    experiment = client.get_experiment_by_name(line.rstrip("\n"))
    runs = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])
    print(json.dumps([shown(run) for run in runs]), flush=True)
