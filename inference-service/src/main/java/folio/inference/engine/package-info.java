/**
 * The engine: a bounded admission queue, and workers. A worker is one thread that owns its
 * sequences and their hidden states; workers share the queue and the models, and never wait for
 * each other. An iteration of a worker warms a new model, admits requests into slots, runs one pass
 * for every running sequence, and retires finished sequences. The room is plain Java: a test can
 * run single iterations.
 */
package folio.inference.engine;
