package folio.benchmark.soak;

import folio.benchmark.process.ProcessSample;

/** The range of a process's resident memory over time, in bytes. Owned by one thread. */
final class MemoryWatch {
  private static final double MEBIBYTE = 1 << 20;

  private final long pid;
  private final long first;
  private long min;
  private long max;
  private long last;

  /** Takes the first sample of a process. */
  MemoryWatch(long pid) {
    this.pid = pid;
    first = ProcessSample.of(pid).residentBytes();
    min = first;
    max = first;
    last = first;
  }

  /** Takes another sample. */
  void sample() {
    last = ProcessSample.of(pid).residentBytes();
    min = Math.min(min, last);
    max = Math.max(max, last);
  }

  @Override
  public String toString() {
    return String.format(
        "memory, MiB: start %.0f, min %.0f, max %.0f, now %.0f",
        first / MEBIBYTE, min / MEBIBYTE, max / MEBIBYTE, last / MEBIBYTE);
  }
}
