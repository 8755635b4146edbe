# A comment at the top.
#   An indented comment, with "quotes" and (an open bracket


# A comment before a class.
class Pair(NamedTuple):
  first : Tensor               # [N]
  others : List[Tensor]


class Dialect(Module):
  __parameters__ = []
  __buffers__ = []

  # ---- A comment in a class ----

  def twice_plus(self: __torch__.Dialect,
                 x: Tensor,    # a comment between arguments
                 addend: float) -> Tensor:
    # A comment in a method.
    pair = self.pair(x)  # of a method that follows

      # a comment with an odd indentation
    torch.add_(pair.first,
               # a comment in a call
               pair.others[0])
    if x.is_cuda:
      return x
    return pair.first + addend

  def pair(self: __torch__.Dialect, x: Tensor) -> __torch__.Pair:
    others = annotate(List[Tensor], [])
    torch.append(others, x)
    return __torch__.Pair(torch.clone(x), others)
