"""Networks: layers that train, predict, and can be read."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Self, cast

import numpy as np

from .augmented import augmented
from .checkpoints.folder import opened
from .checkpoints.settings import Checkpoint
from .compose import compose, forward, start_line
from .curvature import Curvature, curvature
from .errors import PlaingradError, SettingError, whole
from .full_batch import FullBatch
from .layers import Layer
from .layers import Sequence as LayerSequence
from .losses import Loss
from .model import Model, RawPreparation, read, save
from .native.flat import flat
from .optimizers import SGD, Optimizer
from .program import Program
from .prove.certificate.certify import certify
from .prove.certificate.record import Certificate
from .rates import RateTest, find_rate, rising
from .readers import Readers
from .run import draw
from .seeds import Seeds
from .seeds.fit import Places, trained
from .streams.stream import Stream
from .summary import Summary, summarise
from .train import callbacks as watching
from .train.callbacks import Callback
from .train.checks import as_features, free_entries, numbers
from .train.ending import told as _told
from .train.history import History
from .train.progress import Progress, told_when_long, wanted
from .train.session import Memory, Prepared, Session
from .train.settings import (
    EarlyStopping,
    Machine,
    Settings,
    dtype_name,
    refuse_other,
    usual_batch_size,
)
from .train.streaming import check_pair, check_prepared, prepare_data
from .train.training import Training
from .write.script import script

Array = np.ndarray[Any, Any]


class Network(Layer):
    """A layer that trains: subclass it and write `forward`, or use `Sequential`.

    Attributes
    ----------
    params
        The parameters by their printed names; empty before the first `fit` or `build`.
    history
        The course of the last training.
    preparation
        How raw data become samples, where it was trained on a table or on images: a
        `TableModel` or `ImageModel` sets it, and `save` keeps it. `fit` on other data
        ends it.
    """

    symbol = ""
    _params: dict[str, Array] | None = None
    _features: tuple[int, ...] = ()
    _dtype: str = "float32"
    _training: Training | None = None
    _session: Session | None = None
    _memory: Memory | None = None
    _masks: Mapping[str, Array] = MappingProxyType({})
    _readers: Readers | None = None
    preparation: RawPreparation | None = None

    # Training.

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        loss: Loss | Callable[..., Any] | None = None,
        optimizer: Optimizer | None = None,
        epochs: int = 100,
        batch_size: int | Literal["usual"] | None = "usual",
        shuffle: bool = True,
        seed: int = 0,
        validation: float | tuple[Any, Any] | Stream | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | Sequence[float] | str | None = None,
        early_stopping: int | EarlyStopping | None = None,
        callbacks: Iterable[Callback] = (),
        warm_start: bool = False,
        dtype: str = "float32",
        engine: str = "auto",
        threads: int | None = None,
        checkpoint: Checkpoint | str | Path | None = None,
        resume: str | Path | None = None,
        verbose: bool | None = None,
    ) -> History:
        """Train the network from its start.

        Parameters
        ----------
        X
            Samples, (n, ...), as the first layer takes them; or a stream of samples and
            targets that are read when they are needed: see `pg.data.stream`.
        y
            Targets, (n,) or (n, outputs), as the loss takes them; None for a stream.
        loss
            What to make small; by default chosen from y and the last layer, and said.
            A function of (output, target) arrays is a loss of its own.
        optimizer
            How to step; by default Adam.
        epochs
            How often all samples are seen.
        batch_size
            Samples per update; None for all at once. Usual are 32, and all for the
            optimisers that need them: `LBFGS` and `LevenbergMarquardt`.
        shuffle
            Whether each epoch visits the samples in another order.
        seed
            Fixes initial weights, shuffles and dropout.
        validation
            (X, y) to validate on after each epoch, or the share of the samples to set
            aside for it. Of a stream no share can be set aside; a stream to validate on
            is read into memory.
        l1, l2
            Penalties l1 * sum(abs(W)) and l2 / 2 * sum(W ** 2) on all weights but the
            biases, added to the loss.
        clip_value, clip_norm
            The largest gradient entry, and the largest norm of all gradients together.
        sample_weight
            The weight of each sample, (n,).
        class_weight
            The weight of each class: a dict, a sequence, or "balanced".
        early_stopping
            How many epochs without a better validation loss end the training; the
            best weights are kept. `EarlyStopping` has more settings.
        callbacks
            What watches the training; see `Callback`.
        warm_start
            Go on from the present weights and not from fresh ones.
        dtype
            "float32" or "float64".
        engine
            "native" trains by machine code, "reference" by the printed NumPy text, bit
            for bit; "auto" takes the first where llvmlite is there.
        threads
            How many the native engine uses; by default as many as the work is worth.
            The result does not depend on it.
        checkpoint
            A folder to save the training in on the way, or a `Checkpoint`, which says
            how often.
        resume
            The folder of such a training that was ended, by a crash or by Ctrl-C: go
            on with it, as if it had never been. All else must be as it was, but
            `epochs` may be more unless the schedule needs to know the end.
        verbose
            Whether to show progress; by default when standard error is a terminal.

        Returns
        -------
        History
            Losses and scores, epoch by epoch, why training ended, and what was chosen.

        Raises
        ------
        DataError, ShapeError, SettingError
            Before any work starts, with what to change; the network stays as it was.
        FileError
            When the training cannot be saved, or there is nothing to go on from.

        Warns
        -----
        DivergedWarning
            When the loss became infinite or undefined. Training has then ended with
            the last weights that were good.
        FallbackWarning
            When the network has something that the native engine cannot run, and the
            reference trains it.

        Notes
        -----
        Ctrl-C ends the training early; the network keeps what it has learnt. With a
        checkpoint the present update is finished and saved first.
        """
        usual = usual_batch_size(optimizer)
        settings = Settings(
            loss=loss,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=usual if batch_size == "usual" else batch_size,
            shuffle=shuffle,
            seed=seed,
            validation=validation,
            l1=l1,
            l2=l2,
            clip_value=clip_value,
            clip_norm=clip_norm,
            sample_weight=sample_weight,
            class_weight=class_weight,
            early_stopping=early_stopping,
            dtype=dtype,
        )
        machine = Machine(engine=engine, threads=threads)
        watchers = watching.checked(callbacks)
        kept = self._params if warm_start else None
        known = self._features if kept is not None else None
        if kept is not None and isinstance(X, Stream):
            check_prepared(X, self.preparation)
        prepared = prepare_data(self, X, y, settings, self._masks, kept, known)
        shown = wanted(verbose)
        with opened(checkpoint, resume, prepared) as (shelf, moment):
            if isinstance(X, Stream) and X.preparation is not None:
                self.preparation = X.preparation
            elif not warm_start:
                self.preparation = None
            self._adopt(Session.start(prepared, machine, shown))
            if shown:
                watchers.append(Progress(settings.epochs))
            history = self.session.run(watchers, shelf, moment)
        return _told(history, None if shelf is None else shelf.folder)

    def partial_fit(
        self,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        engine: str | None = None,
        threads: int | None = None,
        **settings: Any,
    ) -> History:
        """Train on for one epoch over these samples.

        It goes on from the present weights, if there are any (of `fit`, of a loaded
        file), with the optimiser's memory and the count of updates.

        Parameters
        ----------
        X, y
            Samples and targets, as for `fit`.
        sample_weight
            The weight of each sample, (n,).
        engine, threads, **settings
            Those of `fit` but the number of epochs, the validation and early stopping.
            The first call takes them; later calls may only repeat them.

        Returns
        -------
        History
            Of all calls together, an epoch each.

        Raises
        ------
        DataError, ShapeError, SettingError
            Before any work starts, as `fit` does.
        """
        for name in ("epochs", "validation", "early_stopping"):
            if name in settings:
                raise SettingError(
                    f"partial_fit trains for one epoch; {name} is no use."
                )
        if isinstance(X, Stream):
            raise SettingError(
                "partial_fit trains on arrays, of a loop that is yours: for X, y in "
                "batches: net.partial_fit(X, y). For a stream use fit(stream)."
            )
        machine = {"engine": engine, "threads": threads}
        on = self._machine({n: v for n, v in machine.items() if v is not None})
        present = replace(
            self._begun(settings),
            epochs=1,
            early_stopping=None,
            sample_weight=sample_weight,
        )
        present.check_partial()
        known = self._features if self._params is not None else None
        prepared = prepare_data(self, X, y, present, self._masks, self._params, known)
        going = self._session
        if going is None or not going.suits(prepared):
            going = Session.start(prepared, on, wanted(None))
            before = self._remembered()
            if before is not None:
                going.take_over(before)
        going.check_endless()
        if going is not self._session:
            self._adopt(going)
        return _told(going.go_on(prepared))

    def fit_seeds(
        self,
        X: Any,
        y: Any,
        *,
        seeds: int | Iterable[int] = 5,
        parallel: int | None = None,
        engine: str = "auto",
        threads: int | None = None,
        checkpoint: Checkpoint | str | Path | None = None,
        resume: str | Path | None = None,
        verbose: bool | None = None,
        **settings: Any,
    ) -> Seeds:
        """Train copies from several seeds, each as `fit(X, y, seed=...)` does.

        The seed fixes the first weights, the shuffles and dropout, and which samples
        are set aside where `validation` is a share: pass data, (X, y), to validate all
        on the same. The trainings are those of `fit`, bit for bit, however many run at
        once. The network itself stays as it is.

        Parameters
        ----------
        X, y
            Samples and targets, as for `fit`.
        seeds
            How many, which are 0, 1, ..., or the seeds themselves.
        parallel
            How many trainings run at once; by default as many as there are cores, and
            one where the reference trains. Of several, each has one thread.
        engine, threads, checkpoint, resume
            As for `fit`; in the folder of the checkpoints each seed has one of its own.
        verbose
            Whether to show progress; by default when standard error is a terminal.
        **settings
            Those of `fit`, but for callbacks and `warm_start`.

        Returns
        -------
        Seeds
            Each training, with its network, and how far the results lie apart. `print`
            shows it, `pg.draw.seed_curves` draws it.

        Raises
        ------
        DataError, ShapeError, SettingError, FileError
            Before any work starts, as `fit` does.

        Warns
        -----
        DivergedWarning
            When a training diverged. Its network has the last weights that were good,
            and no part in the mean.

        Notes
        -----
        Ctrl-C ends all; those that are done are returned, and with checkpoints the
        others can go on. A second Ctrl-C does not wait for the step that is under way.
        """
        machine, places = (
            Machine(engine=engine, threads=threads),
            Places(checkpoint, resume),
        )
        shown = wanted(verbose)
        return trained(self, X, y, seeds, parallel, machine, places, shown, settings)

    def _begun(self, settings: Mapping[str, Any]) -> Settings:
        """Return the settings to go on with; a session keeps to what it has."""
        begun = Settings(dtype=self._dtype)
        if self._training is not None:
            begun = self._training.settings
        if self._remembered() is None:
            return begun.changed(settings)
        refuse_other(begun, begun.changed(settings), settings)
        return begun

    def _machine(self, given: Mapping[str, Any]) -> Machine:
        """Return what to go on with; a session keeps to what it has."""
        before = self._remembered()
        if before is None:
            return Machine(**given)
        begun = before.machine
        refuse_other(begun, replace(begun, **given), given)
        return begun

    def _remembered(self) -> Memory | None:
        """Return what training can go on with: of the session, or of a pickle."""
        return self._memory if self._session is None else self._session.memory

    def build(self, X: Any, seed: int = 0, dtype: str = "float32") -> Self:
        """Draw the parameters for samples like X without training; return self.

        `X` is an array (n, ...), or the shape of one sample as a tuple.
        """
        whole("seed", seed, least=0)
        dtype = dtype_name(dtype)
        features = _shape_of(X, dtype)
        made = forward(self, features)
        starts = {
            name: start_line(declared, made.trace, dtype)[0]
            for name, declared in made.trace.parameters.items()
        }
        self._take(flat(draw(starts, seed, dtype, {})), features, dtype)
        self.preparation = None
        return self

    def _adopt(self, session: Session) -> None:
        """Take a session, and its parameters as this network's own."""
        training = session.prepared.training
        parameters = session.engine.parameters
        self._take(parameters, training.features, training.settings.dtype)
        self._session, self._training = session, training

    def _take(
        self, params: dict[str, Array], features: tuple[int, ...], dtype: str
    ) -> None:
        self._params, self._features, self._dtype = params, features, dtype
        self._session = self._training = self._memory = None
        self._readers = None

    def __getstate__(self) -> dict[str, Any]:
        """Put the session's memory in the place of what cannot be pickled."""
        left_out = ("_session", "_readers")
        kept = {n: value for n, value in vars(self).items() if n not in left_out}
        return {**kept, "_memory": self._remembered()}

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a network of its own that can go on training."""
        made = memo[id(self)] = object.__new__(type(self))
        state = {**vars(self), "_readers": None}
        vars(made).update(copy.deepcopy(state, memo))
        if made._session is not None:
            made._params = made._session.engine.parameters
        return made

    def untrained(self) -> Self:
        """Return a copy of the network without what it has learnt."""
        made = copy.copy(self)
        made._params = made._training = made._session = made._memory = None
        made._readers = made.preparation = None
        return copy.deepcopy(made)

    @property
    def session(self) -> Session:
        """The last training: its data, program and engine."""
        if self._session is None:
            raise PlaingradError(
                "the network was not trained here: it is new, or was loaded from a "
                "file, which holds no history. Call net.fit(X, y) first."
            )
        return self._session

    @property
    def params(self) -> dict[str, Array]:
        """The parameters by their printed names: {"W1": ..., "b1": ...}."""
        return self._params if self._params is not None else {}

    @property
    def features(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return self._known_features()

    @property
    def history(self) -> History:
        """The course of the last training."""
        before = self._remembered()
        return self.session.history if before is None else before.history

    def freeze(self, name: str | None = None, mask: Any = True) -> Self:
        """Keep parameters as they are during training; return self.

        Parameters
        ----------
        name
            The printed name of a parameter ("W1"); by default everything.
        mask
            True where an entry stays as it is, of the parameter's shape; by default
            all entries. False sets all entries free again.

        Raises
        ------
        SettingError, ShapeError
            When there is no such parameter, or the mask does not fit: at once when the
            network has its parameters, else when it is trained.
        """
        if name is None:
            if mask is not True:
                raise SettingError(
                    "a mask belongs to one parameter: freeze('W1', mask)."
                )
            return super().freeze()
        frozen = numbers("mask", mask)
        if not np.isin(frozen, (0, 1)).all():
            raise SettingError("a mask must hold only True and False.")
        masks = {**self._masks, name: frozen == 0}
        if self._params is not None:
            free_entries(masks, forward(self, self._features).trace.parameters)
        self._masks, self._readers = masks, None
        return self

    # Prediction.

    def predict(self, X: Any) -> Array:
        """Return a class label or the predicted values for each sample.

        `X` may be a stream, too, whose samples are read a few at a time.
        They have the shape of the targets: (n,) where the network was trained with one
        number per sample.
        """
        return self._reader(X).labels(X)

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class for each sample, (n, classes).

        A classifier with one output has two classes, 0 and 1. Where a sample may belong
        to several classes, these are the probabilities of each, and need not sum to 1.
        """
        return self._reader(X).probabilities(X)

    def outputs(self, X: Any) -> Array:
        """Return what the last layer gives: scores, probabilities or values."""
        return self._reader(X).rows("output", X)

    def evaluate(self, X: Any, y: Any = None) -> dict[str, float]:
        """Return the loss and the score on data: {"loss": ..., "accuracy": ...}.

        Dropout is off, penalties are left out, and every sample counts alike. A stream
        is read once, and what is told is that of all its samples.
        """
        return self._reader(X).evaluate(X, y)

    def score(self, X: Any, y: Any = None) -> float:
        """Return the accuracy of a classifier or R squared of a regression."""
        return list(self.evaluate(X, y).values())[1]

    def inside(self, name: str, X: Any, y: Any = None) -> Array:
        """Return any value of the training step by its printed name.

        The step is the one that the script shows, with the present weights, all samples
        at once, each counting alike, and without dropout.

        Parameters
        ----------
        name
            What the script calls it: "z1", "a1", "scores", "W1"; with y also "loss",
            and gradients such as "dW1" and "dscores".
        X, y
            Samples and, for the loss and the gradients, their targets.

        Raises
        ------
        SettingError
            When there is no such value, or it depends on targets that were not given.
        """
        return self._reader().inside(name, X, y)

    def augmented(self, X: Any, draws: int = 1, seed: int = 0) -> Array:
        """Return what a training sees of samples that its first layers augment.

        Parameters
        ----------
        X
            Samples (n, ...).
        draws
            How many updates look at them: the first, the second and so on of a
            training, with X as the batch of each.
        seed
            That of the training.

        Returns
        -------
        ndarray
            Of shape (draws, n, ...): the output of the last augmentation (such as
            `RandomFlip`) that comes before parameters.

        Raises
        ------
        SettingError
            When the network has none there.
        """
        known = self._features if self._params is not None else None
        inputs = as_features(X, self._dtype, known)
        return augmented(self, inputs, whole("draws", draws), whole("seed", seed, 0))

    def _known_features(self) -> tuple[int, ...]:
        if self._params is None:
            raise PlaingradError(
                "the network has no parameters yet, because no data have told it the "
                "size of its input. Call net.fit(X, y), or net.build(X)."
            )
        return self._features

    def _reader(self, X: Any = None) -> Readers:
        """Return what reads samples, or a stream that suits the network.

        What trains it, also reads it.
        """
        if isinstance(X, Stream):
            check_prepared(X, self.preparation)
        if self._readers is None:
            going, features = self._session, self._known_features()
            self._readers = Readers(
                self,
                self.params,
                features,
                self._dtype,
                self._training,
                native=going is None or going.engine.name == "native",
                threads=None if going is None else going.machine.threads,
            )
        return self._readers

    # Readings.

    def program(self, X: Any = None, y: Any = None, **settings: Any) -> Program:
        """Return the training program: of the last `fit`, or of one with these data."""
        if X is not None:
            named = Settings.named(settings)
            return prepare_data(self, X, y, named, self._masks).program
        if settings:
            raise SettingError(
                "settings belong to a training on data: pass X and y, too, or fit with "
                "these settings."
            )
        if self._training is None:
            raise PlaingradError(
                "the network was not trained yet, so there is no training to show. "
                "Call net.fit(X, y), or pass X and y here."
            )
        if self._session is not None:
            return self._session.prepared.program
        return compose(self, self._training.recipe)

    def _prepared(self, X: Any, y: Any, **settings: Any) -> Prepared:
        """Return a training from the present weights, in float64, to look at."""
        begun = Settings() if self._training is None else self._training.settings
        fixed = {"dtype": "float64", "validation": None, "early_stopping": None}
        chosen = begun.changed({**settings, **fixed})
        known = self._features if self._params is not None else None
        return prepare_data(self, X, y, chosen, self._masks, self._params, known)

    def longhand(
        self, X: Any = None, y: Any = None, *, lang: str = "en", **settings: Any
    ) -> str:
        """Return the training as a NumPy script that a person could have written.

        Parameters
        ----------
        X, y
            Data for a network that was not trained yet; by default the script of the
            last `fit`.
        lang
            The language of the comments: "en" or "zh".
        **settings
            Those of `fit`.
        """
        return script(self.program(X, y, **settings), lang)

    def derivation(
        self,
        X: Any = None,
        y: Any = None,
        *,
        lang: str = "en",
        html: bool = False,
        **settings: Any,
    ) -> str:
        """Return the mathematics of the training, step by step, with shapes.

        Parameters
        ----------
        X, y
            Data for a network that was not trained yet; by default the last `fit`.
        lang
            "en" or "zh".
        html
            Return a web page that needs no network, and not Markdown with LaTeX; it
            needs the extra "html".
        **settings
            Those of `fit`.
        """
        from .write.derivation import derivation

        text = derivation(self.program(X, y, **settings), lang)
        if not html:
            return text
        from .write.page import page

        return page(text, repr(self), lang)

    def prove(
        self,
        X: Any = None,
        y: Any = None,
        *,
        entries: int = 40,
        lang: str = "en",
        verbose: bool | None = None,
        **settings: Any,
    ) -> Certificate:
        """Compare every gradient that training uses with slopes of its loss.

        They are those of the present weights, or of fresh ones before the first `fit`,
        and are compared in float64. From them the chain goes on to the printed script
        and to machine code. With an optimiser that searches for its steps it
        goes on by plain gradient descent.

        Parameters
        ----------
        X, y
            Samples and targets, as for `fit`; by default those of the last `fit`.
        entries
            How many entries of an array are measured one by one; all of an array that
            has not more. Others are tested together, along random directions.
        lang
            The language of the certificate: "en" or "zh".
        verbose
            Whether to say that it takes long; by default when standard error is a
            terminal.
        **settings
            Those of `fit`, where they differ from the last `fit`.

        Returns
        -------
        Certificate
            A table by layer and parameter, as text, Markdown and HTML. A gradient that
            is wrong raises nothing: see its `verdict`.

        Raises
        ------
        DataError, ShapeError, SettingError
            Before any work starts, as `fit` does.
        """
        X, y, settings = self._given(X, y, settings)
        trained = None if self._training is None else self._training.settings.optimizer
        if isinstance(trained, FullBatch):
            # what is proved are its gradients, which any step may use
            settings = {"optimizer": SGD()} | settings
        prepared = self._prepared(X, y, **settings)
        with told_when_long("proving ...", wanted(verbose)):
            return certify(prepared, entries, lang)

    def curvature(
        self,
        X: Any = None,
        y: Any = None,
        *,
        tolerance: float = 1e-4,
        products: int = 1000,
        **settings: Any,
    ) -> Curvature:
        """Return how sharply the loss bends, and what that says of the chosen rate.

        Gradient descent with a rate above 2 / (largest curvature) grows along the
        sharpest direction, where the loss is a parabola. It is found by power iteration
        on products of the Hessian with directions, at the present weights, or at fresh
        ones before the first `fit`, in float64, without dropout.

        Parameters
        ----------
        X, y
            Samples and targets, as for `fit`, all taken at once; by default those of
            the last `fit`.
        tolerance
            The share of the sharpest bend, up or down, by which it may be wrong.
        products
            How many products it may take at most.
        **settings
            Those of `fit`, where they differ from the last `fit`.

        Returns
        -------
        Curvature
            With the bound; `print` says what it means for the rate.

        Raises
        ------
        DataError, ShapeError, SettingError
            Before any work starts, as `fit` does.
        """
        X, y, settings = self._given(X, y, settings)
        return curvature(self._prepared(X, y, **settings), tolerance, products)

    def find_lr(
        self,
        X: Any,
        y: Any = None,
        *,
        lowest: float = 1e-6,
        highest: float = 10.0,
        updates: int = 200,
        warm_start: bool = False,
        engine: str = "auto",
        threads: int | None = None,
        **settings: Any,
    ) -> RateTest:
        """Try learning rates: train while the rate rises from update to update.

        It is a training of its own, as `fit` would begin one: the network stays as it
        is. The test ends early when the loss has become several times its lowest.

        Parameters
        ----------
        X, y
            Samples and targets, as for `fit`.
        lowest, highest
            The rates of the first and the last update; the factor from one to the next
            is always the same.
        updates
            How many updates there are, at least 10.
        warm_start
            Begin at the present weights and not at fresh ones.
        engine, threads, **settings
            Those of `fit`; the optimiser's own rate, the number of epochs, validation
            and early stopping are left out.

        Returns
        -------
        RateTest
            Rates, losses and a suggestion; `pg.draw.rate_test` draws them.

        Raises
        ------
        DataError, ShapeError, SettingError
            Before any work starts, as `fit` does, or when even the lowest rate gives no
            finite loss.

        Notes
        -----
        Smith, Cyclical learning rates for training neural networks, 2017, section 3.3.
        """
        machine = Machine(engine=engine, threads=threads)
        test = rising(Settings.named(settings), lowest, highest, updates)
        kept = self._params if warm_start else None
        known = self._features if kept is not None else None
        prepared = prepare_data(self, X, y, test, self._masks, kept, known)
        return find_rate(prepared, machine)

    def _given(
        self, X: Any, y: Any, settings: dict[str, Any]
    ) -> tuple[Any, Any, dict[str, Any]]:
        """Return data and settings: by default those of the last `fit`."""
        if isinstance(X, Stream):
            check_pair(X, y)
            X, y, weights = X.sample
            return X, y, {"sample_weight": weights} | settings
        if X is not None:
            return X, y, settings
        data = self.session.prepared.data
        # the weights of the classes are in those of the samples already
        own = {"sample_weight": data.get("w"), "class_weight": None}
        return data["X"], data["y"], own | settings

    def save(self, path: str | Path, certificate: Certificate | None = None) -> Path:
        """Write weights and architecture to one safetensors file; return its path.

        Parameters
        ----------
        path
            The file.
        certificate
            What `prove` found, to be kept in the file; `load_certificate` reads it.

        Raises
        ------
        FileError, SettingError
            When the file cannot be written, or the network holds what cannot be saved.
        """
        made = forward(self, self._known_features())
        masks, training = free_entries(self._masks, made.trace.parameters), None
        if self._training is not None:
            still = tuple(name for name in self._training.masks if name in masks)
            training = replace(self._training, masks=still)
        model = Model(
            network=self,
            features=self._features,
            dtype=self._dtype,
            params=self.params,
            masks=masks,
            training=training,
            certificate=None if certificate is None else certificate.as_dict(),
            preparation=self.preparation,
        )
        return save(path, model)

    def summary(self, X: Any = None) -> Summary:
        """Return a table of the layers: output shapes, parameters, multiply-adds.

        `X` is an array (n, ...) or the shape of one sample, for a network that was not
        trained yet. A network whose shapes do not fit is shown up to the failing layer.
        """
        if X is None:
            return summarise(self, self._known_features(), self._dtype)
        return summarise(self, _shape_of(X, self._dtype), self._dtype)


class Sequential(LayerSequence, Network):
    """Layers one after the other, as a network.

    >>> net = Sequential(Linear(100), ReLU(), Linear(3))  # doctest: +SKIP
    """


def load(path: str | Path, objects: Mapping[str, Any] | None = None) -> Network:
    """Return the network of a model file.

    Parameters
    ----------
    path
        A file that `Network.save` wrote.
    objects
        Classes and functions of your own that the network uses, by name.

    Raises
    ------
    FileError
        When the file is missing, damaged, or no model of plaingrad. Nothing in it is
        ever executed.
    """
    model = read(path, objects or {})
    network = model.network
    if not isinstance(network, Network):
        network = Sequential(network)
    network._take(flat(model.params), model.features, model.dtype)
    network._masks, network._training = model.masks, model.training
    network.preparation = model.preparation
    return cast(Network, network)


def _shape_of(X: Any, dtype: str) -> tuple[int, ...]:
    """Return the shape of one sample: of data, or as it was given."""
    if isinstance(X, tuple) and all(isinstance(size, (int, float)) for size in X):
        return tuple(whole("a size of the input", size) for size in X)
    return tuple(as_features(X, dtype).shape[1:])
