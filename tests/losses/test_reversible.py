import pytest
import torch

from deblur_lightning.losses import reversible_cross_entropy


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(4)
    drawn = torch.randn(3, 5, 5, dtype=torch.float64, generator=generator)
    true = torch.randn(3, 25, dtype=torch.float64, generator=generator).softmax(1).view(3, 5, 5)
    return drawn, true


def test_it_is_the_smaller_of_both_cross_entropies_of_each_picture(pair):
    drawn, true = pair
    each = []
    for logarithm, kernel in zip(drawn, true, strict=True):
        kernel_drawn = logarithm.exp() / logarithm.exp().sum()
        ways = (kernel, torch.rot90(kernel, 2))
        each.append(min(-(way * kernel_drawn.log()).sum().item() for way in ways))
    assert reversible_cross_entropy(drawn, true).item() == pytest.approx(sum(each) / 3)


def test_a_reversed_truth_counts_the_same_and_a_constant_nothing(pair):
    drawn, true = pair
    loss = reversible_cross_entropy(drawn, true)
    torch.testing.assert_close(reversible_cross_entropy(drawn, true.flip(1, 2)), loss)
    torch.testing.assert_close(reversible_cross_entropy(drawn + 3, true), loss)
    assert reversible_cross_entropy(true.flip(1, 2).log(), true) < loss  # at best the truth's entropy


def test_gradients_are_those_of_differences(pair):
    drawn, true = pair
    assert torch.autograd.gradcheck(lambda drawn: reversible_cross_entropy(drawn, true), drawn.requires_grad_())


def test_bfloat16_is_widened_and_shapes_are_named(pair):
    drawn, true = (tensor.bfloat16() for tensor in pair)
    torch.testing.assert_close(
        reversible_cross_entropy(drawn, true), reversible_cross_entropy(drawn.float(), true.float())
    )
    with pytest.raises(ValueError, match=r"\[3, 5, 5\] and true \[3, 5\]"):
        reversible_cross_entropy(drawn, true[..., 0])
