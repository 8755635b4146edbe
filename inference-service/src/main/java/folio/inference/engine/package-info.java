/**
 * The engine: a bounded queue, and lanes. A lane is one thread that owns its slots and their state;
 * lanes share the queue and the models, and never wait for each other. A turn of a lane takes in a
 * new model, admits requests into slots, runs one step for every running slot, and retires what is
 * finished. Plain Java: a test calls one turn by hand.
 */
package folio.inference.engine;
