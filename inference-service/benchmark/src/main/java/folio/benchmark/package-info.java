/**
 * Command-line tools that measure the packaged service and test it under load.
 *
 * <p>The tools start the service as a separate process and reach it over HTTP alone. They use the
 * engine's public API only to measure the engine without HTTP. Nothing in the service depends on
 * them.
 *
 * <ul>
 *   <li>{@code cli}: the commands and their options; the only package that joins the others.
 *   <li>{@code throughput}: the compared systems, their load generators and the measurement
 *       schedule.
 *   <li>{@code soak}: random clients and the checks of their responses.
 *   <li>{@code reproducibility}: the comparison of a request alone with the same request under
 *       load.
 *   <li>{@code subject}: the packaged service, the in-process engine and a temporary checkpoint
 *       store.
 *   <li>{@code report}: the results, and the tables and files that show them.
 *   <li>{@code process}: child processes, their resource usage and their cleanup.
 * </ul>
 */
package folio.benchmark;
