/// The one thread on which configuration is read, decided on and handed over: whatever runs on it
/// needs no lock.
@NullMarked
package dev.weft.proxy.control;

import org.jspecify.annotations.NullMarked;
