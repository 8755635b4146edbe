package folio.benchmark;

/** Resident memory of a process over time, in bytes. Owned by one thread. */
final class MemoryWatch {
  private static final double MEBIBYTE = 1 << 20;

  private final long pid;
  private final long first;
  private long least;
  private long most;
  private long last;

  /** Looks for the first time. */
  MemoryWatch(long pid) {
    this.pid = pid;
    first = ProcessSample.of(pid).residentBytes();
    least = first;
    most = first;
    last = first;
  }

  /** Looks again. */
  void look() {
    last = ProcessSample.of(pid).residentBytes();
    least = Math.min(least, last);
    most = Math.max(most, last);
  }

  @Override
  public String toString() {
    return String.format(
        "memory, MiB: start %.0f, least %.0f, most %.0f, now %.0f",
        first / MEBIBYTE, least / MEBIBYTE, most / MEBIBYTE, last / MEBIBYTE);
  }
}
