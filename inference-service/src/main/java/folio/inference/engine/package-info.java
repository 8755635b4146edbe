/**
 * The engine: a bounded admission queue, and workers. A worker is one thread that owns its
 * sequences and their hidden states; workers share the queue and the models, and never wait for
 * each other. An iteration of a worker runs a warm-up pass of a new model, admits requests into
 * slots, runs one pass for every running sequence, and removes finished sequences. A sequence is
 * finished when it needs no more steps, and ended when its stream is closed. Fused decoding is
 * decoding with the persistent kernel; libtorch decodes everything else. The package is plain Java,
 * so a test can run single iterations.
 */
package folio.inference.engine;
