/**
 * The admin server: a second HTTP server, bound to loopback by default, on which operators activate
 * checkpoints and drain the replica.
 */
package folio.inference.api.admin;
