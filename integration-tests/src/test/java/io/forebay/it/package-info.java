/** Tests over all modules: the demo as a user starts it, with a real broker and a real cluster. */
package io.forebay.it;
