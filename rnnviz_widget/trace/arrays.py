"""Arrays as a trace holds them: read-only float32 in memory, or read on demand from disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from rnnviz_widget.trace.storage import StorageType

N = TypeVar("N", bound=np.generic)


class StateArray(Protocol):
    """What `trace[name]` is: `(T, U)` float32, read on demand where it lies on disk."""

    @property
    def shape(self) -> tuple[int, ...]:
        """`(T, U)`."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32."""

    def __len__(self) -> int:
        """T."""

    def __getitem__(self, key: Any, /) -> Any:  # noqa: ANN401  (numpy's own indexing)
        """Return what numpy's indexing of the whole array gives."""

    def __array__(
        self, dtype: DTypeLike | None = None, *, copy: bool | None = None
    ) -> NDArray[np.float32]:
        """Return the whole array."""


class Source(Protocol):
    """A numpy array, or one on disk, of any floating type."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its lengths."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """What its values are stored as."""

    def __getitem__(self, key: Any, /) -> Any:  # noqa: ANN401
        """Return the indexed part."""


class LazyArray:
    """A `(T, U)` array, on disk or in a narrower type, that reads as float32 numpy."""

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(self, source: Source) -> None:
        self._source = source
        self.shape = tuple(source.shape)
        self.stored_dtype: StorageType = "float16" if source.dtype.itemsize == 2 else "float32"  # noqa: PLR2004

    def __len__(self) -> int:
        """T."""
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401
        """Read the indexed part: integers and forward slices alone, anything else from the whole.

        Columns are what lies contiguous on disk: ``[:, 3]`` is quick, ``[1000:1010]`` reads a
        shard.
        """
        parts = key if isinstance(key, tuple) else (key,)
        if all(_is_basic(part) for part in parts):
            return np.asarray(self._source[key], dtype=np.float32)[()]
        return np.asarray(self)[key]

    def __array__(
        self, dtype: DTypeLike | None = None, *, copy: bool | None = None
    ) -> NDArray[np.float32]:
        """Read everything."""
        if copy is False:
            msg = "a lazy array cannot be given without a copy"
            raise ValueError(msg)
        return np.asarray(self._source[...], dtype=dtype or np.float32)

    def __repr__(self) -> str:
        """Say the shape, not the values."""
        return f"<{self.shape} float32, stored as {self.stored_dtype}>"


def real(name: str, values: ArrayLike) -> NDArray[np.float32]:
    """Return a float32 copy of real numbers, also of a torch tensor; what is masked is NaN."""
    detach = getattr(values, "detach", None)
    if detach is not None:  # a tensor may need gradients, lie on a GPU or be bfloat16
        values = detach().cpu().double().numpy()
    try:
        array = np.asarray(values)
    except ValueError as error:
        msg = f"{name} must be one rectangular array of numbers: {error}"
        raise ValueError(msg) from error
    if array.dtype.kind not in "biuf":
        msg = f"{name} must hold real numbers, got dtype {array.dtype}"
        raise TypeError(msg)
    with np.errstate(over="ignore"):
        result = np.array(array, dtype=np.float32)
    if isinstance(values, np.ma.MaskedArray):
        masked = np.ma.getmaskarray(values)
        result[masked] = np.nan
        array = np.where(masked, 0, array)
    if array.dtype.itemsize > result.dtype.itemsize and np.any(
        np.isinf(result) & np.isfinite(array)
    ):
        msg = f"{name} has finite values beyond the range of float32"
        raise ValueError(msg)
    return result


def frozen(array: NDArray[N]) -> NDArray[N]:
    """Return the array itself, made read-only."""
    array.flags.writeable = False
    return array


def series(name: str, values: ArrayLike, length: int) -> NDArray[np.float32]:
    """Return a read-only float32 copy of `length` real numbers."""
    array = real(name, values)
    if array.shape != (length,):
        msg = f"{name} must have shape ({length},), one number per token, got {array.shape}"
        raise ValueError(msg)
    return frozen(array)


def _is_basic(part: object) -> bool:
    """Whether zarr indexes with `part` as numpy does."""
    if isinstance(part, slice):
        return part.step is None or part.step > 0
    return part is Ellipsis or (
        isinstance(part, (int, np.integer)) and not isinstance(part, (bool, np.bool_))
    )
