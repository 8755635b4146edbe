/** Several processes that train one network, one for each GPU. */
package folio.trainer.group;
