"""Cases of a parametrized test that are not in the first tier: `slow(1, 2)` in place of `(1, 2)`."""

from functools import partial

import pytest

slow = partial(pytest.param, marks=pytest.mark.slow)
nightly = partial(pytest.param, marks=pytest.mark.nightly)
