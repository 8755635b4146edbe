/**
 * The systems that the benchmark compares, their load generators and the measurement schedule.
 *
 * <p>Every system runs in its own process and is idle while another is measured.
 */
package folio.benchmark.throughput;
