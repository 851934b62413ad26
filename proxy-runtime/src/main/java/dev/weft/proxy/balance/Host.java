package dev.weft.proxy.balance;

import dev.weft.proxy.config.ClusterTable.Target;

/// One endpoint as a [LoadBalancer] knows it.
///
/// @param hashKey what policies that hash know it by; empty with others
public record Host(Target target, long weight, String hashKey, Vitals vitals) {}
