//! The interfaces that the library calls and we implement, with the place of each method in each version.
//! Written by tools/abi from TensorRT's public headers; not to be edited by hand.

use crate::tensorrt::abi::call::interfaces;

interfaces! {
    IDebugListener debug_listener "IDebugListener" 1 0 [3 2] {
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [3 0]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [3 1]
        process_debug_tensor(P, P, i32, i32, *const Dims64, S, P) -> bool = "processDebugTensor" "PKvNS_14TensorLocationENS_8DataTypeERKNS_6Dims64EPKcP11CUstream_st" [3 4]
    }
    IErrorRecorder error_recorder "IErrorRecorder" 1 0 [0 0, 3 2] {
        clear(P) -> () = "clear" "v" [0 6, 3 8]
        dec_ref_count(P) -> i32 = "decRefCount" "v" [0 9, 3 11]
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [3 0]
        get_error_code(P, i32) -> i32 = "getErrorCode" "Ki" [0 3, 3 5]
        get_error_desc(P, i32) -> S = "getErrorDesc" "Ki" [0 4, 3 6]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [3 1]
        get_nb_errors(P) -> i32 = "getNbErrors" "Kv" [0 2, 3 4]
        has_overflowed(P) -> bool = "hasOverflowed" "Kv" [0 5, 3 7]
        inc_ref_count(P) -> i32 = "incRefCount" "v" [0 8, 3 10]
        report_error(P, i32, S) -> bool = "reportError" "NS_9ErrorCodeEPKc" [0 7, 3 9]
    }
    IGpuAllocator gpu_allocator "IGpuAllocator" 1 0 [0 2] {
        allocate(P, u64, u64, u32) -> P = "allocate" "mmj" [0 0, 3 4]
        allocate_async(P, u64, u64, u32, P) -> P = "allocateAsync" "mmjP11CUstream_st" [3 7]
        deallocate(P, P) -> bool = "deallocate" "Pv" [0 5, 3 6]
        deallocate_async(P, P, P) -> bool = "deallocateAsync" "PvP11CUstream_st" [3 8]
        free(P, P) -> () = "free" "Pv" [0 1, 3 !]
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [3 0]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [3 1]
        reallocate(P, P, u64, u64) -> P = "reallocate" "Pvmm" [0 4, 3 5]
    }
    IGpuAsyncAllocator gpu_async_allocator "IGpuAllocator" 1 0 [3 2] {
        allocate(P, u64, u64, u32) -> P = "allocate" "mmj" [3 4]
        allocate_async(P, u64, u64, u32, P) -> P = "allocateAsync" "mmjP11CUstream_st" [3 7]
        deallocate(P, P) -> bool = "deallocate" "Pv" [3 6]
        deallocate_async(P, P, P) -> bool = "deallocateAsync" "PvP11CUstream_st" [3 8]
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [3 0]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [3 1]
        reallocate(P, P, u64, u64) -> P = "reallocate" "Pvmm" [3 5]
    }
    ILogger logger "ILogger" 1 0 [0 1, 18 2, 21 1, 23 2] {
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [18 0, 21 !, 23 0]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [18 1, 21 !, 23 1]
        log(P, i32, S) -> () = "log" "NS0_8SeverityEPKc|NS1_8SeverityEPKc" [0 0, 18 4, 21 0, 23 4]
    }
    IOutputAllocator output_allocator "IOutputAllocator" 1 0 [1 3, 3 2] {
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [3 0]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [3 1]
        get_interface_version(P) -> i32 = "getInterfaceVersion" "Kv" [0 0, 3 !]
        notify_shape(P, S, *const Dims32) -> () = "notifyShape" "PKcRKNS_6Dims32E" [0 2, 3 !]
        notify_shape_of_2(P, S, *const Dims64) -> () = "notifyShape" "PKcRKNS_6Dims64E" [3 6, 21 5]
        reallocate_output(P, S, P, u64, u64) -> P = "reallocateOutput" "PKcPvmm" [0 1, 3 4, 21 !]
        reallocate_output_async(P, S, P, u64, u64, P) -> P = "reallocateOutputAsync" "PKcPvmmP11CUstream_st" [3 5, 21 4]
    }
    IPluginResource plugin_resource "IPluginResource" 1 0 [3 2] {
        clone(P) -> P = "clone" "v" [3 5]
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [3 0]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [3 1]
        release(P) -> i32 = "release" "v" [3 4]
    }
    IPluginResourceContext plugin_resource_context "IPluginResourceContext" 1 0 [3 2] {
        get_error_recorder(P) -> P = "getErrorRecorder" "Kv" [3 1]
        get_gpu_allocator(P) -> P = "getGpuAllocator" "Kv" [3 0]
    }
    IPluginV3 plugin_v3 "PLUGIN" 1 0 [3 2] {
        clone(P) -> P = "clone" "v" [3 5]
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [3 0]
        get_capability_interface(P, i32) -> P = "getCapabilityInterface" "NS_20PluginCapabilityTypeE" [3 4]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [3 1]
    }
    IPluginV3OneBuild plugin_v3_one_build "PLUGIN_V3ONE_BUILD" 1 0 [3 2] {
        configure_plugin(P, P, i32, P, i32) -> i32 = "configurePlugin" "PKNS_23DynamicPluginTensorDescEiS4_i" [3 4]
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [3 0]
        get_format_combination_limit(P) -> i32 = "getFormatCombinationLimit" "v" [3 13]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [3 1]
        get_metadata_string(P) -> S = "getMetadataString" "v" [3 14]
        get_nb_outputs(P) -> i32 = "getNbOutputs" "Kv" [3 8]
        get_nb_tactics(P) -> i32 = "getNbTactics" "v" [3 11]
        get_output_data_types(P, *mut i32, i32, *const i32, i32) -> i32 = "getOutputDataTypes" "KPNS_8DataTypeEiPKS2_i" [3 5]
        get_output_shapes(P, P, i32, P, i32, P, i32, P) -> i32 = "getOutputShapes" "PKNS_9DimsExprsEiS4_iPS2_iRNS_12IExprBuilderE" [3 6]
        get_timing_cache_id(P) -> S = "getTimingCacheID" "v" [3 12]
        get_valid_tactics(P, *mut i32, i32) -> i32 = "getValidTactics" "Pii" [3 10]
        get_workspace_size(P, P, i32, P, i32) -> u64 = "getWorkspaceSize" "KPKNS_23DynamicPluginTensorDescEiS4_i" [3 9]
        supports_format_combination(P, i32, P, i32, i32) -> bool = "supportsFormatCombination" "iPKNS_23DynamicPluginTensorDescEii" [3 7]
    }
    IPluginV3OneBuildV2 plugin_v3_one_build_v2 "PLUGIN_V3ONE_BUILD" 2 0 [6 2] {
        configure_plugin(P, P, i32, P, i32) -> i32 = "configurePlugin" "PKNS_23DynamicPluginTensorDescEiS4_i" [6 4]
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [6 0]
        get_aliased_input(P, i32) -> i32 = "getAliasedInput" "i" [6 15]
        get_format_combination_limit(P) -> i32 = "getFormatCombinationLimit" "v" [6 13]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [6 1]
        get_metadata_string(P) -> S = "getMetadataString" "v" [6 14]
        get_nb_outputs(P) -> i32 = "getNbOutputs" "Kv" [6 8]
        get_nb_tactics(P) -> i32 = "getNbTactics" "v" [6 11]
        get_output_data_types(P, *mut i32, i32, *const i32, i32) -> i32 = "getOutputDataTypes" "KPNS_8DataTypeEiPKS2_i" [6 5]
        get_output_shapes(P, P, i32, P, i32, P, i32, P) -> i32 = "getOutputShapes" "PKNS_9DimsExprsEiS4_iPS2_iRNS_12IExprBuilderE" [6 6]
        get_timing_cache_id(P) -> S = "getTimingCacheID" "v" [6 12]
        get_valid_tactics(P, *mut i32, i32) -> i32 = "getValidTactics" "Pii" [6 10]
        get_workspace_size(P, P, i32, P, i32) -> u64 = "getWorkspaceSize" "KPKNS_23DynamicPluginTensorDescEiS4_i" [6 9]
        supports_format_combination(P, i32, P, i32, i32) -> bool = "supportsFormatCombination" "iPKNS_23DynamicPluginTensorDescEii" [6 7]
    }
    IPluginV3OneCore plugin_v3_one_core "PLUGIN_V3ONE_CORE" 1 0 [3 2] {
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [3 0]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [3 1]
        get_plugin_name(P) -> S = "getPluginName" "Kv" [3 4]
        get_plugin_namespace(P) -> S = "getPluginNamespace" "Kv" [3 6]
        get_plugin_version(P) -> S = "getPluginVersion" "Kv" [3 5]
    }
    IPluginV3OneRuntime plugin_v3_one_runtime "PLUGIN_V3ONE_RUNTIME" 1 0 [3 2] {
        attach_to_context(P, P) -> P = "attachToContext" "PNS_22IPluginResourceContextE" [3 7]
        enqueue(P, P, P, *const P, *const P, P, P) -> i32 = "enqueue" "PKNS_16PluginTensorDescES4_PKPKvPKPvS9_P11CUstream_st" [3 6]
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [3 0]
        get_fields_to_serialize(P) -> P = "getFieldsToSerialize" "v" [3 8]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [3 1]
        on_shape_change(P, P, i32, P, i32) -> i32 = "onShapeChange" "PKNS_16PluginTensorDescEiS4_i" [3 5]
        set_tactic(P, i32) -> i32 = "setTactic" "i" [3 4]
    }
    IProfiler profiler "IProfiler" 1 0 [0 1, 18 2, 21 1, 23 2] {
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [18 0, 21 !, 23 0]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [18 1, 21 !, 23 1]
        report_layer_time(P, S, f32) -> () = "reportLayerTime" "PKcf" [0 0, 18 4, 21 0, 23 4]
    }
    IProgressMonitor progress_monitor "IProgressMonitor" 1 0 [3 2] {
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [3 0]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [3 1]
        phase_finish(P, S) -> () = "phaseFinish" "PKc" [3 6]
        phase_start(P, S, S, i32) -> () = "phaseStart" "PKcS3_i" [3 4]
        step_complete(P, S, i32) -> bool = "stepComplete" "PKci" [3 5]
    }
    IStreamReader stream_reader "IStreamReader" 1 0 [3 2] {
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [3 0]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [3 1]
        read(P, P, i64) -> i64 = "read" "Pvl" [3 4]
    }
    IStreamReaderV2 stream_reader_v2 "IStreamReaderV2" 1 0 [9 2] {
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [9 0]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [9 1]
        read(P, P, i64, P) -> i64 = "read" "PvlP11CUstream_st" [9 4]
        seek(P, i64, i32) -> bool = "seek" "lNS_12SeekPositionE" [9 5]
    }
    IStreamWriter stream_writer "IStreamWriter" 1 0 [14 2] {
        get_api_language(P) -> i32 = "getAPILanguage" "Kv" [14 0]
        get_interface_info(P) -> InterfaceInfo = "getInterfaceInfo" "Kv" [14 1]
        write(P, P, i64) -> i64 = "write" "PKvl" [14 4]
    }
}
