"""For each line of stdin, COUNT FIRST_VALUE: logs so many samples to a new run by MLflow's own client, and prints the seconds: own_client.py URI"""
import sys
import time

from mlflow import MlflowClient
from mlflow.entities import Metric

client = MlflowClient(sys.argv[1])
experiment = client.create_experiment("by its own client")
for line in sys.stdin:
    count, first = (int(word) for word in line.split())
    run = client.create_run(experiment).info.run_id
    metrics = [Metric("loss", first + step / 7, 1_700_000_000_000 + step, step) for step in range(count)]
    began = time.perf_counter()
    for at in range(0, count, 1000):
        client.log_batch(run, metrics=metrics[at : at + 1000])
    print(time.perf_counter() - began, flush=True)
