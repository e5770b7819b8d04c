package org.apache.flink.runtime.state.ttl;

class ForebayMemoryIncrementalTtlStateTest extends ForebayTtlStateTestBase {
    ForebayMemoryIncrementalTtlStateTest() {
        super(false, true);
    }
}
