/** The second HTTP server, bound to loopback by default, on which operators promote checkpoints. */
package folio.inference.api.admin;
