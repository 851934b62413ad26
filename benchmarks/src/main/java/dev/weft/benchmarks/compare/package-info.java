/// Weft's proxy side by side with Envoy: both serve the same load in turns, on a core of their own,
/// and what they used is told. Enter at [Compare]; `benchmarks/compare` runs it.
///
/// The load and the application behind the proxies are one event loop of this process, which has
/// another core; main is the thread that measures.
@NullMarked
package dev.weft.benchmarks.compare;

import org.jspecify.annotations.NullMarked;
