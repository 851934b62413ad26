package dev.weft.e2e.demo;

/// One thing that the demo sets out to prove.
///
/// @param what the claim, in words
/// @param held whether it was so
/// @param finding the numbers
record Proof(String what, boolean held, String finding) {}
