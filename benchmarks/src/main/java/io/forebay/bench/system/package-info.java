/** Figures of the process, and files on disk. */
package io.forebay.bench.system;
