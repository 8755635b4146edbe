# Products with the weights of a network on a CPU, by oneDNN.
#
# oneDNN's products with packed weights sum a row in an order that does not depend on the number of rows. So a row has
# the same bits alone and among others. products.portable.torchscript.py has the same functions without oneDNN.


# Packs a weight [M, K], in the layout that oneDNN chooses for products with this number of rows. A product may have any
# number of rows.
def pack(weight: Tensor, rows: int) -> Tensor:
  return ops.mkldnn._reorder_linear_weight(weight, rows)


# Returns x weight^T + bias, of x [N, K] and a weight [M, K] that is packed or, on a GPU, is not: [N, M].
def linear(x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
  if ops.prim.is_mkldnn(weight):
    return ops.mkldnn._linear_pointwise(x, weight, bias, "none", annotate(List[Optional[number]], []), "")
  return torch.linear(x, weight, bias)
