package folio.benchmark.report;

import com.fasterxml.jackson.annotation.JsonValue;

/** A compared system, with its name in tables and its name in raw results. */
public enum SystemName {
  /** The packaged service over HTTP. */
  SERVICE("service", "service"),
  /** The service's engine without HTTP. */
  ENGINE("engine", "engine"),
  /** PyTorch behind FastAPI. */
  FASTAPI_BASELINE("FastAPI baseline", "peer"),
  /** PyTorch's batched decode step, without HTTP. */
  PYTORCH_STEP("PyTorch step", "pytorch step"),
  /** PyTorch's batched decode step, replayed as a CUDA graph. */
  PYTORCH_GRAPH("PyTorch CUDA graph", "pytorch graph"),
  /** PyTorch's batched decode step in float16, replayed as a CUDA graph. */
  PYTORCH_HALF_GRAPH("PyTorch CUDA graph, float16", "pytorch float16 graph"),
  /** PyTorch's batched decode step, compiled; on a GPU in float16 and replayed as a CUDA graph. */
  PYTORCH_COMPILED("PyTorch compiled", "pytorch compiled");

  private final String label;
  private final String rawName;

  SystemName(String label, String rawName) {
    this.label = label;
    this.rawName = rawName;
  }

  /** Returns the name in raw results, which stays stable so that scripts can select by it. */
  @JsonValue
  public String rawName() {
    return rawName;
  }

  /** Returns the name in tables and progress lines. */
  @Override
  public String toString() {
    return label;
  }
}
