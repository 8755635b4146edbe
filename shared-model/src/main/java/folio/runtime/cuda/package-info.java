/**
 * The CUDA driver and NVRTC: streams, graphs, memory, modules and kernels, which DJL does not
 * offer. Nothing here is used on a CPU.
 */
package folio.runtime.cuda;
