# Products with the weights of a network on a CPU, for a libtorch without oneDNN, as on macOS.
#
# The order in which other libraries sum a row depends on the number of rows. So each product here has 8 rows, and the
# last of them are zeros if there are fewer. Then a row has the same bits alone and among others.
# products.onednn.torchscript.py has the same functions.


# Returns the weight [M, K]: nothing is packed.
def pack(weight: Tensor, rows: int) -> Tensor:
  return weight


# Returns x weight^T + bias, of x [N, K] and a weight [M, K]: [N, M].
def linear(x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
  if x.is_cuda:
    return torch.linear(x, weight, bias)
  N = torch.size(x, 0)
  products = (N + 7) // 8
  missing = 8 * products - N
  padded = x
  if missing > 0:
    padded = torch.constant_pad_nd(x, [0, 0, 0, missing], 0)
  results = annotate(List[Tensor], [])
  for i in range(products):
    torch.append(results, torch.linear(torch.slice(padded, 0, 8 * i, 8 * i + 8), weight, bias))
  return torch.slice(torch.cat(results, 0), 0, 0, N)
