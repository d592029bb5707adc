import torch

from deblur_lightning.estimation.kernel_shape import reaches
from deblur_lightning.estimation.straight_lines import straight_lines


def test_lines_are_as_long_as_they_should_be_in_all_directions():
    lines = straight_lines(33).view(4, 8, 33, 33)
    lengths = torch.tensor([5, 8.91, 13.86, 19.8]).unsqueeze(1).expand(4, 8)
    even = lengths / 12**0.5  # of a segment
    torch.testing.assert_close(reaches(lines.flatten(0, 1)).view(4, 8), even, atol=0.15, rtol=0)


def test_the_first_line_is_level_and_the_fifth_upright():
    lines = straight_lines(17).view(4, 8, 17, 17)
    assert lines[2, 0].sum(1)[8] > 0.99
    assert lines[2, 4].sum(0)[8] > 0.99
