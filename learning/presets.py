"""The settings of the published runs of McGIP and GzPT, by name, and a matched counterpart of each.

A name is `<data>-<method>-<gaze>-<backbone>`. The published arms differ in optimiser, batch and length, too;
`<name>-matched` therefore differs from `<name>` in gaze alone: without it where the run has it, with McGIP's
pairs where it has none. `byol-momentum-0` is what was published as SimSiam. What begins with `ours` was
never published: there is no ViT among the published runs.

The settings are as published, how steps are counted is not: where the batches of an epoch do not come out
even in steps, those left make a step of their own, with the mean of their gradients. The published code goes
on with it in the next epoch and takes fewer steps.

Thresholds are those of the reference profile of a similarity and do not carry over to the corrected one:
give `--pair-rate` there.
"""

from __future__ import annotations

from acquisition.errors import UserError

Settings = dict[str, object]

_INBREAST: Settings = {"augmentation": "mammography-published", "image_size_px": 224, "init": "imagenet"}
_TUFTS: Settings = {"augmentation": "dental-published", "image_size_px": (600, 300), "init": "imagenet"}
_OAI: Settings = {"augmentation": "knee-published", "image_size_px": 224, "init": "imagenet"}
_TIMA: Settings = {"scheme": "tima", "threshold": 0.95}
_EMA: Settings = {"momentum": 0.99}
_TO_THE_LETTER: Settings = {"own_copies_are_positive": False}


def _adamw(rate: float, decay: float, rise: int = 40) -> Settings:
    return {
        "optimiser": "adamw",
        "adam_beta_2": 0.95,
        "learning_rate": rate,
        "weight_decay": decay,
        "rise_epochs": rise,
    }


def _lars(rate: float, decay: float) -> Settings:
    return {"optimiser": "lars", "learning_rate": rate, "weight_decay": decay, "rise_epochs": 10}


def _sgd(rate: float, decay: float) -> Settings:
    return {"optimiser": "sgd", "learning_rate": rate, "weight_decay": decay, "rise_epochs": 10}


def _batches(size: int, accumulate: int, epochs: int) -> Settings:
    return {"batch_size": size, "accumulate": accumulate, "epochs": epochs}


def _moco(queue_size: int, embedding: int = 256) -> Settings:
    return {"queue_size": queue_size, "embedding": embedding, "temperature": 0.2, "momentum": 0.999}


def _inbreast() -> dict[str, Settings]:
    slow, adamw = _lars(1e-3, 1e-6), _adamw(2e-5, 1e-6)
    mcgip: Settings = {**_EMA, **adamw, **_TIMA}
    gzpt: Settings = {**mcgip, "drop_probability": 0.5}
    from_zero: Settings = {**gzpt, "momentum": 0.0}
    rows: dict[str, Settings] = {
        "byol-none-resnet18": {**_EMA, **slow, **_batches(16, 16, 200)},
        "byol-none-resnet50": {**_EMA, **slow, **_batches(16, 16, 250)},
        "byol-none-resnet101": {**_EMA, **slow, **_batches(16, 16, 240)},
        "byol-mcgip-resnet18": {**mcgip, **_batches(16, 16, 270), "init": "random"},
        "byol-mcgip-resnet50": {**mcgip, **_batches(32, 16, 300)},
        "byol-mcgip-resnet50-small": {**mcgip, **_batches(16, 2, 200)},
        "byol-mcgip-resnet101": {**mcgip, **_batches(16, 16, 270)},
        "byol-gzpt-resnet18": {**gzpt, **_batches(32, 16, 300)},
        "byol-gzpt-resnet50": {**gzpt, **_batches(32, 16, 400)},
        "byol-gzpt-resnet101": {**gzpt, **_batches(16, 16, 400)},
        "byol-momentum-0-gzpt-resnet50": {**from_zero, **_batches(32, 16, 200)},
        "byol-momentum-0-gzpt-resnet101": {**from_zero, **_batches(16, 16, 300)},
        "simsiam-none-resnet50": {**_sgd(0.05, 1e-4), **_batches(64, 1, 200)},
        "moco-none-resnet18": {**_sgd(2e-3, 1e-4), **_batches(16, 1, 300), **_moco(1280, 128)},
        "moco-none-resnet50": {**_lars(2e-3, 1e-3), **_batches(16, 1, 240), **_moco(1280)},
        "moco-none-resnet101": {**_lars(5e-3, 1e-4), **_batches(16, 1, 240), **_moco(1280, 128)},
        "moco-mcgip-resnet18": {**_lars(4e-3, 1e-2), **_batches(16, 1, 240), **_moco(1280, 128), **_TIMA},
        "moco-mcgip-resnet50": {**_lars(2e-3, 1e-2), **_batches(16, 1, 300), **_moco(1280), **_TIMA},
        "moco-mcgip-resnet101": {**_lars(4e-3, 1e-2), **_batches(16, 1, 300), **_moco(1280, 128), **_TIMA},
        "moco-gzpt-resnet50": {**_adamw(4e-5, 1e-6), **_batches(16, 1, 300), **_moco(1280), **_TIMA},
        "moco-labels-resnet50": {**_lars(2e-3, 1e-2), **_batches(32, 1, 200), **_moco(1280)},
    }
    for drop, epochs in ((0.1, 400), (0.3, 400), (0.7, 400), (0.9, 200)):
        row = {**gzpt, **_batches(32, 16, epochs), "drop_probability": drop}
        rows[f"byol-gzpt-resnet50-drop-{drop}"] = row
    return {f"inbreast-{name}": {**_INBREAST, **row} for name, row in rows.items()}


def _tufts() -> dict[str, Settings]:
    rows: dict[str, Settings] = {}
    for backbone in ("resnet18", "resnet50", "resnet101"):
        byol: Settings = {**_EMA, **_adamw(2e-5, 1e-6)}
        moco: Settings = {**_adamw(4e-5, 1e-6), **_batches(8, 1, 300), **_moco(1280)}
        by_moments: Settings = {"scheme": "moments", "threshold": 0.9}
        if backbone != "resnet18":
            rows[f"byol-none-{backbone}"] = {**byol, **_batches(8, 8, 300)}
        rows[f"byol-mcgip-{backbone}"] = {**byol, **_batches(8, 16, 300), **by_moments}
        rows[f"moco-none-{backbone}"] = moco
        rows[f"moco-mcgip-{backbone}"] = {**moco, **by_moments, "threshold": 0.7}
    return {f"tufts-{name}": {**_TUFTS, **row} for name, row in rows.items()}


def _oai() -> dict[str, Settings]:
    adamw, byol = _adamw(8e-4, 1e-6, 10), _batches(32, 4, 800)
    moco = {**adamw, **_batches(32, 1, 800)}
    rows: dict[str, Settings] = {
        "byol-none-resnet50": {**_EMA, **_adamw(4e-3, 1e-5), **byol},
        "byol-mcgip-resnet50": {**_EMA, **adamw, **byol, **_TIMA},
        "byol-momentum-0-none-resnet50": {**_adamw(8e-4, 1e-5, 10), **byol, "momentum": 0.0},
        "moco-none-resnet50": {**moco, **_moco(512)},
        "moco-mcgip-resnet50": {**moco, **_moco(320), **_TIMA},
        "moco-labels-resnet50": {**moco, **_moco(512), "batch_size": 4},
    }
    for drop in (0.0, 0.1, 0.3, 0.7, 0.9):
        row = {**_EMA, **adamw, **byol, **_TIMA, "drop_probability": drop}
        rows[f"byol-gzpt-resnet50-drop-{drop:g}"] = row
    return {f"oai-{name}": {**_OAI, **row} for name, row in rows.items()}


def _ours() -> dict[str, Settings]:
    row = {**_adamw(2e-5, 1e-6), **_batches(16, 16, 300), **_TIMA, "drop_probability": 0.5}
    return {
        f"ours-{method}-gzpt-{backbone}": {**_INBREAST, **row}
        for method in ("byol", "moco", "simsiam")
        for backbone in ("vit_small", "vit_base", "vit_large")
    }


def _named(name: str, row: Settings) -> Settings:
    """A row with what its name says."""
    words = name.split("-")
    gaze = next(word for word in words if word in ("none", "mcgip", "gzpt", "labels"))
    backbone = next(word for word in words if word.startswith(("resnet", "vit")))
    letter = _TO_THE_LETTER if words[1] == "moco" and gaze == "none" else {}
    return {**row, **letter, "method": words[1], "gaze": gaze, "backbone": backbone}


def _matched(name: str, row: Settings) -> Settings:
    """The same run without gaze, or with McGIP's pairs where it has none."""
    if row["gaze"] != "none":
        left_out = ("scheme", "threshold", "drop_probability")
        return {key: value for key, value in row.items() if key not in left_out} | {"gaze": "none"}
    pairs: Settings = _TIMA
    if name.startswith("tufts"):
        pairs = {"scheme": "moments", "threshold": 0.7 if row["method"] == "moco" else 0.9}
    return {**row, **pairs, "gaze": "mcgip"}


def _all() -> dict[str, Settings]:
    rows = {name: _named(name, row) for name, row in {**_inbreast(), **_tufts(), **_oai(), **_ours()}.items()}
    return rows | {f"{name}-matched": _matched(name, row) for name, row in rows.items()}


PRESETS = _all()


def find_preset(name: str) -> Settings:
    """The settings of that name. Raises `UserError` with the nearest names for an unknown one."""
    if name not in PRESETS:
        start = name.partition("-")[0]
        known = [each for each in PRESETS if each.startswith(start) and not each.endswith("-matched")]
        raise UserError(
            f"There is no preset '{name}'; choose one of {', '.join(known or PRESETS)}; "
            "with -matched behind it differs in gaze alone."
        )
    return PRESETS[name]
