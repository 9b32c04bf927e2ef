import pytest
import torch

from digits.network import sigmoid_network, sizes
from tools.benchmarks.accuracy import merged


@pytest.mark.parametrize("hidden", [[], [7], [7, 5]])
def test_a_merged_network_averages_the_weighted_inputs(hidden):
    x = torch.rand(20, 12, generator=torch.Generator().manual_seed(0)).double()
    networks = [sigmoid_network([12, *hidden, 3], "gaussian", seed).double() for seed in range(3)]
    z = torch.stack([network[:-1](x) for network in networks]).mean(0)
    before = torch.random.get_rng_state()
    network = merged(networks)
    assert torch.random.get_rng_state().equal(before)
    torch.testing.assert_close(network(x), z.sigmoid(), rtol=1e-12, atol=0)
    assert sizes(network) == [12, *(3 * size for size in hidden), 3]
