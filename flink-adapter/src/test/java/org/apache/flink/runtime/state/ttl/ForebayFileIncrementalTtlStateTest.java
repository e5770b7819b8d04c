package org.apache.flink.runtime.state.ttl;

class ForebayFileIncrementalTtlStateTest extends ForebayTtlStateTestBase {
    ForebayFileIncrementalTtlStateTest() {
        super(true, true);
    }
}
