# A training that tells nobody but MLflow of its steps, by MLflow's own client: ten of them, or as many as it is told.
import os
import sys
import time

import mlflow

mlflow.set_experiment(os.environ["MLFLOW_EXPERIMENT_NAME"])
with mlflow.start_run():
    for step in range(1, int(sys.argv[1]) + 1):
        mlflow.log_metrics({"train_loss": 1 / step, "val_loss": 9.0, "lr": 0.5 / step}, step=step)
        time.sleep(0.05)
