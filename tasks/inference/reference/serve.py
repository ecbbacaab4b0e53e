"""One sitting of the inference, from its model to its exit code."""

import torch
from problem import Problem
from progress import Progress

from classifier import load_classifier
from coco import model_facts
from endpoint import endpoint
from metrics import Metrics
from passes import Passes
from prepared import Prepared
from store import Trouble
from told import ToldToStop


def serve(prepared: Prepared, told: ToldToStop, progress: Progress) -> int:
    asked, found = prepared.asked, prepared.found
    torch.set_num_threads(asked.threads)
    classifier = load_classifier(found, prepared.described, asked.device)
    facts, classes = model_facts(found), list(prepared.described.classes)
    progress.event("model", **facts, source=found.source, classes=classes, device=str(classifier.device))
    metrics = Metrics(facts)
    with endpoint(metrics, asked.metrics_port) as address:
        progress.event("serving", url=address)
        passes = Passes(prepared, classifier, metrics, progress, told)
        return _poll(passes) if asked.mode == "poll" else _once(passes)


def _once(passes: Passes) -> int:
    try:
        passes.recall()
        images = passes.waiting()
        done, failed = passes.run(images)
    except (OSError, *Trouble) as error:
        raise Problem(f"Cannot go on predicting: {error}. Run it again: what is written stays done.") from error
    passes.progress.event("summary", images=len(images), done=done, failed=failed)
    if passes.told.asked and done + failed < len(images):
        return passes.told.code
    # Of several bad images the others have their predictions; of none, something else is wrong.
    return 1 if done == 0 and failed > 0 else 0


def _poll(passes: Passes) -> int:
    recalled = False
    while not passes.told.asked:
        try:
            if not recalled:
                passes.recall()
                recalled = True
            images = passes.waiting()
            if images:
                done, failed = passes.run(images)
                passes.progress.event("summary", images=len(images), done=done, failed=failed)
        except (OSError, *Trouble) as error:
            # A store that is away for a while must not end what is meant to run for days.
            passes.progress.event("trouble", reason=str(error))
        passes.told.pause(passes.prepared.asked.poll_interval)
    return 0
