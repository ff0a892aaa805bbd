//! Every method that can be called, with its slot in each version.
//! Written by tools/abi from TensorRT's public headers; not to be edited by hand.

use crate::tensorrt::abi::call::classes;

classes! {
    IPluginCreator plugin_creator [] {
        create_plugin(a: S, b: P) -> P = "createPlugin" { (a: S, b: P) -> P; "PKcPKNS_21PluginFieldCollectionE" [0 4, 3 7] }
        deserialize_plugin(a: S, b: P, c: u64) -> P = "deserializePlugin" { (a: S, b: P, c: u64) -> P; "PKcPKvm" [0 5, 3 8] }
        get_api_language() -> i32 = "getAPILanguage" { () -> i32; "Kv" [3 0] }
        get_field_names() -> P = "getFieldNames" { () -> P; "v" [0 3, 3 6] }
        get_interface_info() -> InterfaceInfo = "getInterfaceInfo" { () -> InterfaceInfo; "Kv" [3 1] }
        get_plugin_name() -> S = "getPluginName" { () -> S; "Kv" [0 1, 3 4] }
        get_plugin_namespace() -> S = "getPluginNamespace" { () -> S; "Kv" [0 7, 3 10] }
        get_plugin_version() -> S = "getPluginVersion" { () -> S; "Kv" [0 2, 3 5] }
        get_tensor_rt_version() -> i32 = "getTensorRTVersion" { () -> i32; "Kv" [0 0, 3 !] }
        set_plugin_namespace(a: S) -> () = "setPluginNamespace" { (a: S) -> (); "PKc" [0 6, 3 9] }
    }
    IPluginCreatorV3One plugin_creator_v3_one [] {
        create_plugin(a: S, b: P, c: i32) -> P = "createPlugin" {
            (a: S, b: P, c: i32) -> P; "PKcPKNS_21PluginFieldCollectionENS_13TensorRTPhaseE" [3 4]
        }
        get_api_language() -> i32 = "getAPILanguage" { () -> i32; "Kv" [3 0] }
        get_field_names() -> P = "getFieldNames" { () -> P; "v" [3 5] }
        get_interface_info() -> InterfaceInfo = "getInterfaceInfo" { () -> InterfaceInfo; "Kv" [3 1] }
        get_plugin_name() -> S = "getPluginName" { () -> S; "Kv" [3 6] }
        get_plugin_namespace() -> S = "getPluginNamespace" { () -> S; "Kv" [3 8] }
        get_plugin_version() -> S = "getPluginVersion" { () -> S; "Kv" [3 7] }
    }
    IPluginRegistry plugin_registry [] {
        acquire_plugin_resource(a: S, b: P) -> P = "acquirePluginResource" {
            (a: S, b: P) -> P; "PKcPNS_5v_1_015IPluginResourceE" [3 16, 18 12, 21 16, 23 12]
        }
        deregister_creator(a: P) -> bool = "deregisterCreator" {
            (a: P) -> bool; "RKNS_14IPluginCreatorE|RKNS_5v_1_014IPluginCreatorE" [0 7, 1 11, 2 7, 18 !, 21 7, 23 !]
        }
        deregister_creator_of_1(a: P) -> bool = "deregisterCreator" {
            (a: P) -> bool; "RKNS_5v_1_023IPluginCreatorInterfaceE" [3 15, 18 11, 21 15, 23 11]
        }
        deregister_library(a: P) -> () = "deregisterLibrary" { (a: P) -> (); "Pv" [1 6, 2 11, 18 7, 21 11, 23 7] }
        get_all_creators(a: *mut i32) -> *const P = "getAllCreators" { (a: *mut i32) -> *const P; "KPi" [3 13, 18 9, 21 13, 23 9] }
        get_all_creators_recursive(a: *mut i32) -> *const P = "getAllCreatorsRecursive" {
            (a: *mut i32) -> *const P; "Pi" [12 18, 18 14, 21 18, 23 14]
        }
        get_creator(a: S, b: S, c: S) -> P = "getCreator" { (a: S, b: S, c: S) -> P; "PKcS2_S2_" [3 14, 18 10, 21 14, 23 10] }
        get_error_recorder() -> P = "getErrorRecorder" { () -> P; "Kv" [0 6, 1 10, 2 6, 18 3, 21 6, 23 3] }
        get_plugin_creator(a: S, b: S, c: S) -> P = "getPluginCreator" { (a: S, b: S, c: S) -> P; "PKcS2_S2_" [0 2, 18 !, 21 2, 23 !] }
        get_plugin_creator_list(a: *mut i32) -> *const P = "getPluginCreatorList" {
            (a: *mut i32) -> *const P; "KPi" [0 1, 18 !, 21 1, 23 !]
        }
        is_parent_search_enabled() -> bool = "isParentSearchEnabled" { () -> bool; "Kv" [1 3, 2 8, 18 4, 21 8, 23 4] }
        load_library(a: S) -> P = "loadLibrary" { (a: S) -> P; "PKc" [1 5, 2 10, 18 6, 21 10, 23 6] }
        register_creator(a: P, b: S) -> bool = "registerCreator" {
            (a: P, b: S) -> bool; "RNS_14IPluginCreatorEPKc|RNS_5v_1_014IPluginCreatorEPKc" [0 0, 18 !, 21 0, 23 !]
        }
        register_creator_of_2(a: P, b: S) -> bool = "registerCreator" {
            (a: P, b: S) -> bool; "RNS_5v_1_023IPluginCreatorInterfaceEPKc" [3 12, 18 8, 21 12, 23 8]
        }
        release_plugin_resource(a: S) -> i32 = "releasePluginResource" { (a: S) -> i32; "PKc" [3 17, 18 13, 21 17, 23 13] }
        set_error_recorder(a: P) -> () = "setErrorRecorder" {
            (a: P) -> (); "PNS_14IErrorRecorderE|PNS_5v_1_014IErrorRecorderE" [0 5, 1 9, 2 5, 18 2, 21 5, 23 2]
        }
        set_parent_search_enabled(a: bool) -> () = "setParentSearchEnabled" { (a: bool) -> (); "b" [1 4, 2 9, 18 5, 21 9, 23 5] }
    }
    IPluginV2 plugin_v2 [] {
        clone() -> P = "clone" { () -> P; "Kv" [0 14] }
        configure_with_format(a: *const Dims32, b: i32, c: *const Dims32, d: i32, e: i32, f: i32, g: i32) -> () = "configureWithFormat" {
            (a: *const Dims32, b: i32, c: *const Dims32, d: i32, e: i32, f: i32, g: i32) -> (); "PKNS_6Dims32EiS3_iNS_8DataTypeENS_12TensorFormatEi" [0 6, 3 !]
        }
        configure_with_format_of_7(a: *const Dims64, b: i32, c: *const Dims64, d: i32, e: i32, f: i32, g: i32) -> () = "configureWithFormat" {
            (a: *const Dims64, b: i32, c: *const Dims64, d: i32, e: i32, f: i32, g: i32) -> (); "PKNS_6Dims64EiS3_iNS_8DataTypeENS_12TensorFormatEi" [3 6]
        }
        destroy() -> () = "destroy" { () -> (); "v" [0 13] }
        enqueue(a: i32, b: *const P, c: *const P, d: P, e: P) -> i32 = "enqueue" {
            (a: i32, b: *const P, c: *const P, d: P, e: P) -> i32; "iPKPKvPKPvS5_P11CUstream_st" [0 10]
        }
        get_nb_outputs() -> i32 = "getNbOutputs" { () -> i32; "Kv" [0 3] }
        get_output_dimensions(a: i32, b: *const Dims32, c: i32) -> Dims = "getOutputDimensions" {
            (a: i32, b: *const Dims32, c: i32) -> Dims32; "iPKNS_6Dims32Ei" [0 4, 3 !]
        }
        get_output_dimensions_of_3(a: i32, b: *const Dims64, c: i32) -> Dims = "getOutputDimensions" {
            (a: i32, b: *const Dims64, c: i32) -> Dims64; "iPKNS_6Dims64Ei" [3 4]
        }
        get_plugin_namespace() -> S = "getPluginNamespace" { () -> S; "Kv" [0 16] }
        get_plugin_type() -> S = "getPluginType" { () -> S; "Kv" [0 1] }
        get_plugin_version() -> S = "getPluginVersion" { () -> S; "Kv" [0 2] }
        get_serialization_size() -> u64 = "getSerializationSize" { () -> u64; "Kv" [0 11] }
        get_tensor_rt_version() -> i32 = "getTensorRTVersion" { () -> i32; "Kv" [0 0] }
        get_workspace_size(a: i32) -> u64 = "getWorkspaceSize" { (a: i32) -> u64; "Ki" [0 9] }
        initialize() -> i32 = "initialize" { () -> i32; "v" [0 7] }
        serialize(a: P) -> () = "serialize" { (a: P) -> (); "KPv" [0 12] }
        set_plugin_namespace(a: S) -> () = "setPluginNamespace" { (a: S) -> (); "PKc" [0 15] }
        supports_format(a: i32, b: i32) -> bool = "supportsFormat" { (a: i32, b: i32) -> bool; "KNS_8DataTypeENS_12TensorFormatE" [0 5] }
        terminate() -> () = "terminate" { () -> (); "v" [0 8] }
    }
    IActivationLayer activation_layer [0 16] {
        get_activation_type() -> i32 = "getActivationType" { () -> i32; "Kv" [0 3] }
        get_alpha() -> f32 = "getAlpha" { () -> f32; "Kv" [0 6] }
        get_beta() -> f32 = "getBeta" { () -> f32; "Kv" [0 7] }
        set_activation_type(a: i32) -> () = "setActivationType" { (a: i32) -> (); "NS_14ActivationTypeE" [0 2] }
        set_alpha(a: f32) -> () = "setAlpha" { (a: f32) -> (); "f" [0 4] }
        set_beta(a: f32) -> () = "setBeta" { (a: f32) -> (); "f" [0 5] }
    }
    IAlgorithm algorithm [0 8, 18 !] {
        get_algorithm_io_info(a: i32) -> P = "getAlgorithmIOInfo" { (a: i32) -> P; "Ki" [0 2, 3 !] }
        get_algorithm_io_info_by_index(a: i32) -> P = "getAlgorithmIOInfoByIndex" { (a: i32) -> P; "Ki" [0 6, 3 5, 18 !] }
        get_algorithm_variant() -> P = "getAlgorithmVariant" { () -> P; "Kv" [0 3, 3 2, 18 !] }
        get_timing_m_sec() -> f32 = "getTimingMSec" { () -> f32; "Kv" [0 4, 3 3, 18 !] }
        get_workspace_size() -> u64 = "getWorkspaceSize" { () -> u64; "Kv" [0 5, 3 4, 18 !] }
    }
    IAlgorithmContext algorithm_context [0 8, 18 !] {
        get_dimensions(a: i32, b: i32) -> Dims = "getDimensions" {
            (a: i32, b: i32) -> Dims32; "KiNS_18OptProfileSelectorE" [0 3, 3 !]
            (a: i32, b: i32) -> Dims64; "KiNS_18OptProfileSelectorE" [3 3, 18 !]
        }
        get_name() -> S = "getName" { () -> S; "Kv" [0 2, 18 !] }
        get_nb_inputs() -> i32 = "getNbInputs" { () -> i32; "Kv" [0 4, 18 !] }
        get_nb_outputs() -> i32 = "getNbOutputs" { () -> i32; "Kv" [0 5, 18 !] }
    }
    IAlgorithmIOInfo algorithm_io_info [0 8, 18 !] {
        get_components_per_element() -> i64 = "getComponentsPerElement" { () -> i64; "Kv" [1 6, 3 5, 18 !] }
        get_data_type() -> i32 = "getDataType" { () -> i32; "Kv" [0 3, 3 2, 18 !] }
        get_strides() -> Dims = "getStrides" { () -> Dims32; "Kv" [0 4, 3 !] () -> Dims64; "Kv" [3 3, 18 !] }
        get_tensor_format() -> i32 = "getTensorFormat" { () -> i32; "Kv" [0 2, 3 !] }
        get_vectorized_dim() -> i64 = "getVectorizedDim" { () -> i64; "Kv" [1 5, 3 4, 18 !] }
    }
    IAlgorithmVariant algorithm_variant [0 8, 18 !] {
        get_implementation() -> i64 = "getImplementation" { () -> i64; "Kv" [0 2, 18 !] }
        get_tactic() -> i64 = "getTactic" { () -> i64; "Kv" [0 3, 18 !] }
    }
    IAssertionLayer assertion_layer [0 16] {
        get_message() -> S = "getMessage" { () -> S; "Kv" [0 3] }
        set_message(a: S) -> () = "setMessage" { (a: S) -> (); "PKc" [0 2] }
    }
    IAttention attention [15 8] {
        get_causal() -> bool = "getCausal" { () -> bool; "Kv" [15 12] }
        get_causal_kind() -> i32 = "getCausalKind" { () -> i32; "Kv" [18 26, 21 !, 23 26] }
        get_decomposable() -> bool = "getDecomposable" { () -> bool; "Kv" [15 16] }
        get_input(a: i32) -> P = "getInput" { (a: i32) -> P; "Ki" [15 4] }
        get_key_value_form() -> i32 = "getKeyValueForm" { () -> i32; "Kv" [18 30, 21 !, 23 30] }
        get_key_value_lengths() -> P = "getKeyValueLengths" { () -> P; "Kv" [18 34, 21 !, 23 34] }
        get_mask() -> P = "getMask" { () -> P; "Kv" [15 14] }
        get_metadata() -> S = "getMetadata" { () -> S; "Kv" [16 22] }
        get_name() -> S = "getName" { () -> S; "Kv" [15 8] }
        get_nb_inputs() -> i32 = "getNbInputs" { () -> i32; "Kv" [15 3] }
        get_nb_outputs() -> i32 = "getNbOutputs" { () -> i32; "Kv" [15 5] }
        get_nb_ranks() -> i32 = "getNbRanks" { () -> i32; "Kv" [17 24, 21 !, 22 24] }
        get_normalization_operation() -> i32 = "getNormalizationOperation" { () -> i32; "Kv" [15 10] }
        get_normalization_quantize_scale() -> P = "getNormalizationQuantizeScale" { () -> P; "Kv" [15 18] }
        get_normalization_quantize_to_type() -> i32 = "getNormalizationQuantizeToType" { () -> i32; "Kv" [15 20] }
        get_output(a: i32) -> P = "getOutput" { (a: i32) -> P; "Ki" [15 6] }
        get_query_form() -> i32 = "getQueryForm" { () -> i32; "Kv" [18 28, 21 !, 23 28] }
        get_query_lengths() -> P = "getQueryLengths" { () -> P; "Kv" [18 32, 21 !, 23 32] }
        set_causal(a: bool) -> bool = "setCausal" { (a: bool) -> bool; "b" [15 11] }
        set_causal_kind(a: i32) -> bool = "setCausalKind" { (a: i32) -> bool; "NS_14CausalMaskKindE" [18 25, 21 !, 23 25] }
        set_decomposable(a: bool) -> bool = "setDecomposable" { (a: bool) -> bool; "b" [15 15] }
        set_input(a: i32, b: P) -> bool = "setInput" { (a: i32, b: P) -> bool; "iRNS_7ITensorE" [15 2] }
        set_key_value_form(a: i32) -> bool = "setKeyValueForm" { (a: i32) -> bool; "NS_15AttentionIOFormE" [18 29, 21 !, 23 29] }
        set_key_value_lengths(a: P) -> bool = "setKeyValueLengths" { (a: P) -> bool; "PNS_7ITensorE" [18 33, 21 !, 23 33] }
        set_mask(a: P) -> bool = "setMask" { (a: P) -> bool; "RNS_7ITensorE" [15 13] }
        set_metadata(a: S) -> bool = "setMetadata" { (a: S) -> bool; "PKc" [16 21] }
        set_name(a: S) -> bool = "setName" { (a: S) -> bool; "PKc" [15 7] }
        set_nb_ranks(a: i32) -> bool = "setNbRanks" { (a: i32) -> bool; "i" [17 23, 21 !, 22 23] }
        set_normalization_operation(a: i32) -> bool = "setNormalizationOperation" {
            (a: i32) -> bool; "NS_24AttentionNormalizationOpE" [15 9]
        }
        set_normalization_quantize_scale(a: P) -> bool = "setNormalizationQuantizeScale" { (a: P) -> bool; "RNS_7ITensorE" [15 17] }
        set_normalization_quantize_to_type(a: i32) -> bool = "setNormalizationQuantizeToType" { (a: i32) -> bool; "NS_8DataTypeE" [15 19] }
        set_query_form(a: i32) -> bool = "setQueryForm" { (a: i32) -> bool; "NS_15AttentionIOFormE" [18 27, 21 !, 23 27] }
        set_query_lengths(a: P) -> bool = "setQueryLengths" { (a: P) -> bool; "PNS_7ITensorE" [18 31, 21 !, 23 31] }
    }
    IAttentionBoundaryLayer attention_boundary_layer [15 16] {
        get_attention() -> P = "getAttention" { () -> P; "Kv" [15 2] }
    }
    IBuilder builder [0 8] {
        build_engine_with_config(a: P, b: P) -> P = "buildEngineWithConfig" {
            (a: P, b: P) -> P; "RNS_18INetworkDefinitionERNS_14IBuilderConfigE" [0 10, 3 !, 8 20, 18 17, 21 !]
        }
        build_serialized_network(a: P, b: P) -> P = "buildSerializedNetwork" {
            (a: P, b: P) -> P; "RNS_18INetworkDefinitionERNS_14IBuilderConfigE" [0 17, 3 14, 18 11, 21 14, 23 11]
        }
        build_serialized_network_to_stream(a: P, b: P, c: P) -> bool = "buildSerializedNetworkToStream" {
            (a: P, b: P, c: P) -> bool; "RNS_18INetworkDefinitionERNS_14IBuilderConfigERNS_5v_1_013IStreamWriterE" [14 21, 18 18, 21 20, 23 17]
        }
        build_serialized_network_with_kernel_text(a: P, b: P, c: *mut P) -> P = "buildSerializedNetworkWithKernelText" {
            (a: P, b: P, c: *mut P) -> P; "RNS_18INetworkDefinitionERNS_14IBuilderConfigERPNS_11IHostMemoryE" [14 22, 18 19, 21 !]
        }
        create_builder_config() -> P = "createBuilderConfig" { () -> P; "v" [0 9, 3 7, 18 5, 21 7, 23 5] }
        create_network_v2(a: u32) -> P = "createNetworkV2" { (a: u32) -> P; "j" [0 11, 3 8, 18 6, 21 8, 23 6] }
        create_optimization_profile() -> P = "createOptimizationProfile" { () -> P; "v" [0 12, 3 9, 18 7, 21 9, 23 7] }
        get_error_recorder() -> P = "getErrorRecorder" { () -> P; "Kv" [0 14, 3 11, 18 9, 21 11, 23 9] }
        get_logger() -> P = "getLogger" { () -> P; "Kv" [0 19, 3 16, 18 13, 21 16, 23 13] }
        get_max_batch_size() -> i32 = "getMaxBatchSize" { () -> i32; "Kv" [0 3, 3 !] }
        get_max_dla_batch_size() -> i32 = "getMaxDLABatchSize" { () -> i32; "Kv" [0 6, 3 4, 18 2, 21 4, 23 2] }
        get_max_threads() -> i32 = "getMaxThreads" { () -> i32; "Kv" [0 21, 3 18, 18 15, 21 18, 23 15] }
        get_nb_dla_cores() -> i32 = "getNbDLACores" { () -> i32; "Kv" [0 7, 3 5, 18 3, 21 5, 23 3] }
        get_plugin_registry() -> P = "getPluginRegistry" { () -> P; "v" [1 22, 3 19, 18 16, 21 19, 23 16] }
        is_network_supported(a: P, b: P) -> bool = "isNetworkSupported" {
            (a: P, b: P) -> bool; "KRKNS_18INetworkDefinitionERKNS_14IBuilderConfigE" [0 18, 3 15, 18 12, 21 15, 23 12]
        }
        platform_has_fast_fp16() -> bool = "platformHasFastFp16" { () -> bool; "Kv" [0 4, 3 2, 18 !, 21 2, 23 !] }
        platform_has_fast_int8() -> bool = "platformHasFastInt8" { () -> bool; "Kv" [0 5, 3 3, 18 !, 21 3, 23 !] }
        platform_has_tf32() -> bool = "platformHasTf32" { () -> bool; "Kv" [0 16, 3 13, 18 !, 21 13, 23 !] }
        reset() -> () = "reset" { () -> (); "v" [0 15, 3 12, 18 10, 21 12, 23 10] }
        set_error_recorder(a: P) -> () = "setErrorRecorder" {
            (a: P) -> (); "PNS_14IErrorRecorderE|PNS_5v_1_014IErrorRecorderE" [0 13, 3 10, 18 8, 21 10, 23 8]
        }
        set_gpu_allocator(a: P) -> () = "setGpuAllocator" {
            (a: P) -> (); "PNS_13IGpuAllocatorE|PNS_5v_1_013IGpuAllocatorE" [0 8, 3 6, 18 4, 21 6, 23 4]
        }
        set_max_batch_size(a: i32) -> () = "setMaxBatchSize" { (a: i32) -> (); "i" [0 2, 3 !] }
        set_max_threads(a: i32) -> bool = "setMaxThreads" { (a: i32) -> bool; "i" [0 20, 3 17, 18 14, 21 17, 23 14] }
    }
    IBuilderConfig builder_config [0 8] {
        add_optimization_profile(a: P) -> i32 = "addOptimizationProfile" {
            (a: P) -> i32; "PKNS_20IOptimizationProfileE" [0 29, 3 25, 18 23]
        }
        can_run_on_dla(a: P) -> bool = "canRunOnDLA" { (a: P) -> bool; "KPKNS_6ILayerE" [0 21, 3 17, 18 15] }
        clear_flag(a: i32) -> () = "clearFlag" { (a: i32) -> (); "NS_11BuilderFlagE" [0 14, 3 10, 18 8] }
        clear_quantization_flag(a: i32) -> () = "clearQuantizationFlag" { (a: i32) -> (); "NS_16QuantizationFlagE" [0 39, 3 35, 18 !] }
        create_timing_cache(a: P, b: u64) -> P = "createTimingCache" { (a: P, b: u64) -> P; "KPKvm" [0 44, 3 40, 18 29] }
        get_algorithm_selector() -> P = "getAlgorithmSelector" { () -> P; "Kv" [0 34, 3 30, 18 !] }
        get_all_build_routes() -> S = "getAllBuildRoutes" { () -> S; "Kv" [19 59, 21 !, 24 61] }
        get_avg_timing_iterations() -> i32 = "getAvgTimingIterations" { () -> i32; "Kv" [0 5, 3 3] }
        get_build_route() -> S = "getBuildRoute" { () -> S; "Kv" [19 58, 21 !, 24 60] }
        get_builder_optimization_level() -> i32 = "getBuilderOptimizationLevel" { () -> i32; "Kv" [1 52, 3 48, 18 37] }
        get_calibration_profile() -> P = "getCalibrationProfile" { () -> P; "v" [0 36, 3 32, 18 !] }
        get_compute_capability(a: i32) -> i32 = "getComputeCapability" { (a: i32) -> i32; "Ki" [21 58] }
        get_dla_core() -> i32 = "getDLACore" { () -> i32; "Kv" [0 23, 3 19, 18 17] }
        get_default_device_type() -> i32 = "getDefaultDeviceType" { () -> i32; "Kv" [0 25, 3 21, 18 19] }
        get_device_type(a: P) -> i32 = "getDeviceType" { (a: P) -> i32; "KPKNS_6ILayerE" [0 18, 3 14, 18 12] }
        get_engine_capability() -> i32 = "getEngineCapability" { () -> i32; "Kv" [0 7, 3 5] }
        get_flag(a: i32) -> bool = "getFlag" { (a: i32) -> bool; "KNS_11BuilderFlagE" [0 16, 3 12, 18 10] }
        get_flags() -> u32 = "getFlags" { () -> u32; "Kv" [0 13, 3 9, 18 7] }
        get_hardware_compatibility_level() -> i32 = "getHardwareCompatibilityLevel" { () -> i32; "Kv" [1 54, 3 50, 18 39] }
        get_int8_calibrator() -> P = "getInt8Calibrator" { () -> P; "Kv" [0 9, 3 7, 18 !] }
        get_l2_limit_for_tiling() -> i64 = "getL2LimitForTiling" { () -> i64; "Kv" [10 65, 18 54] }
        get_max_aux_streams() -> i32 = "getMaxAuxStreams" { () -> i32; "Kv" [1 59, 3 55, 18 44] }
        get_max_nb_tactics() -> i32 = "getMaxNbTactics" { () -> i32; "Kv" [7 61, 18 50] }
        get_max_workspace_size() -> u64 = "getMaxWorkspaceSize" { () -> u64; "Kv" [0 11, 3 !] }
        get_memory_pool_limit(a: i32) -> u64 = "getMemoryPoolLimit" { (a: i32) -> u64; "KNS_14MemoryPoolTypeE" [0 48, 3 44, 18 33] }
        get_min_timing_iterations() -> i32 = "getMinTimingIterations" { () -> i32; "Kv" [0 3, 3 !] }
        get_nb_compute_capabilities() -> i32 = "getNbComputeCapabilities" { () -> i32; "Kv" [21 56] }
        get_nb_optimization_profiles() -> i32 = "getNbOptimizationProfiles" { () -> i32; "Kv" [0 30, 3 26, 18 24] }
        get_nb_plugins_to_serialize() -> i32 = "getNbPluginsToSerialize" { () -> i32; "Kv" [1 57, 3 53, 18 42] }
        get_plugin_to_serialize(a: i32) -> S = "getPluginToSerialize" { (a: i32) -> S; "Ki" [1 56, 3 52, 18 41] }
        get_preview_feature(a: i32) -> bool = "getPreviewFeature" { (a: i32) -> bool; "KNS_14PreviewFeatureE" [0 50, 3 46, 18 35] }
        get_profile_stream() -> P = "getProfileStream" { () -> P; "Kv" [0 28, 3 24, 18 22] }
        get_profiling_verbosity() -> i32 = "getProfilingVerbosity" { () -> i32; "Kv" [0 32, 3 28, 18 26] }
        get_progress_monitor() -> P = "getProgressMonitor" { () -> P; "Kv" [3 57, 18 46] }
        get_quantization_flag(a: i32) -> bool = "getQuantizationFlag" { (a: i32) -> bool; "KNS_16QuantizationFlagE" [0 41, 3 37, 18 !] }
        get_quantization_flags() -> u32 = "getQuantizationFlags" { () -> u32; "Kv" [0 38, 3 34, 18 !] }
        get_remote_auto_tuning_config() -> S = "getRemoteAutoTuningConfig" { () -> S; "Kv" [14 67, 18 56, 21 !] }
        get_runtime_platform() -> i32 = "getRuntimePlatform" { () -> i32; "Kv" [5 59, 18 48] }
        get_tactic_sources() -> u32 = "getTacticSources" { () -> u32; "Kv" [0 43, 3 39, 18 28] }
        get_tiling_optimization_level() -> i32 = "getTilingOptimizationLevel" { () -> i32; "Kv" [10 63, 18 52] }
        get_timing_cache() -> P = "getTimingCache" { () -> P; "Kv" [0 46, 3 42, 18 31] }
        is_device_type_set(a: P) -> bool = "isDeviceTypeSet" { (a: P) -> bool; "KPKNS_6ILayerE" [0 19, 3 15, 18 13] }
        reset() -> () = "reset" { () -> (); "v" [0 26, 3 22, 18 20] }
        reset_device_type(a: P) -> () = "resetDeviceType" { (a: P) -> (); "PKNS_6ILayerE" [0 20, 3 16, 18 14] }
        set_algorithm_selector(a: P) -> () = "setAlgorithmSelector" {
            (a: P) -> (); "PNS_18IAlgorithmSelectorE|PNS_5v_1_018IAlgorithmSelectorE" [0 33, 3 29, 18 !]
        }
        set_avg_timing_iterations(a: i32) -> () = "setAvgTimingIterations" { (a: i32) -> (); "i" [0 4, 3 2] }
        set_build_route(a: S) -> bool = "setBuildRoute" { (a: S) -> bool; "PKc" [19 57, 21 !, 24 59] }
        set_builder_optimization_level(a: i32) -> () = "setBuilderOptimizationLevel" { (a: i32) -> (); "i" [1 51, 3 47, 18 36] }
        set_calibration_profile(a: P) -> bool = "setCalibrationProfile" {
            (a: P) -> bool; "PKNS_20IOptimizationProfileE" [0 35, 3 31, 18 !]
        }
        set_compute_capability(a: i32, b: i32) -> bool = "setComputeCapability" {
            (a: i32, b: i32) -> bool; "NS_17ComputeCapabilityEi" [21 57]
        }
        set_dla_core(a: i32) -> () = "setDLACore" { (a: i32) -> (); "i" [0 22, 3 18, 18 16] }
        set_default_device_type(a: i32) -> () = "setDefaultDeviceType" { (a: i32) -> (); "NS_10DeviceTypeE" [0 24, 3 20, 18 18] }
        set_device_type(a: P, b: i32) -> () = "setDeviceType" { (a: P, b: i32) -> (); "PKNS_6ILayerENS_10DeviceTypeE" [0 17, 3 13, 18 11] }
        set_engine_capability(a: i32) -> () = "setEngineCapability" { (a: i32) -> (); "NS_16EngineCapabilityE" [0 6, 3 4] }
        set_flag(a: i32) -> () = "setFlag" { (a: i32) -> (); "NS_11BuilderFlagE" [0 15, 3 11, 18 9] }
        set_flags(a: u32) -> () = "setFlags" { (a: u32) -> (); "j" [0 12, 3 8, 18 6] }
        set_hardware_compatibility_level(a: i32) -> () = "setHardwareCompatibilityLevel" {
            (a: i32) -> (); "NS_26HardwareCompatibilityLevelE" [1 53, 3 49, 18 38]
        }
        set_int8_calibrator(a: P) -> () = "setInt8Calibrator" { (a: P) -> (); "PNS_15IInt8CalibratorE" [0 8, 3 6, 18 !] }
        set_l2_limit_for_tiling(a: i64) -> bool = "setL2LimitForTiling" { (a: i64) -> bool; "l" [10 64, 18 53] }
        set_max_aux_streams(a: i32) -> bool = "setMaxAuxStreams" {
            (a: i32) -> (); "i" [1 58, 3 54, 18 !, 21 43, 23 !]
            (a: i32) -> bool; "i" [18 43, 21 !, 23 43]
        }
        set_max_nb_tactics(a: i32) -> () = "setMaxNbTactics" { (a: i32) -> (); "i" [7 60, 18 49] }
        set_max_workspace_size(a: u64) -> () = "setMaxWorkspaceSize" { (a: u64) -> (); "m" [0 10, 3 !] }
        set_memory_pool_limit(a: i32, b: u64) -> () = "setMemoryPoolLimit" {
            (a: i32, b: u64) -> (); "NS_14MemoryPoolTypeEm" [0 47, 3 43, 18 32]
        }
        set_min_timing_iterations(a: i32) -> () = "setMinTimingIterations" { (a: i32) -> (); "i" [0 2, 3 !] }
        set_nb_compute_capabilities(a: i32) -> bool = "setNbComputeCapabilities" { (a: i32) -> bool; "i" [21 55] }
        set_plugins_to_serialize(a: *const S, b: i32) -> () = "setPluginsToSerialize" {
            (a: *const S, b: i32) -> (); "PKPKci" [1 55, 3 51, 18 40]
        }
        set_preview_feature(a: i32, b: bool) -> () = "setPreviewFeature" {
            (a: i32, b: bool) -> (); "NS_14PreviewFeatureEb" [0 49, 3 45, 18 34]
        }
        set_profile_stream(a: P) -> () = "setProfileStream" { (a: P) -> (); "P11CUstream_st" [0 27, 3 23, 18 21] }
        set_profiling_verbosity(a: i32) -> () = "setProfilingVerbosity" { (a: i32) -> (); "NS_18ProfilingVerbosityE" [0 31, 3 27, 18 25] }
        set_progress_monitor(a: P) -> () = "setProgressMonitor" { (a: P) -> (); "PNS_5v_1_016IProgressMonitorE" [3 56, 18 45] }
        set_quantization_flag(a: i32) -> () = "setQuantizationFlag" { (a: i32) -> (); "NS_16QuantizationFlagE" [0 40, 3 36, 18 !] }
        set_quantization_flags(a: u32) -> () = "setQuantizationFlags" { (a: u32) -> (); "j" [0 37, 3 33, 18 !] }
        set_remote_auto_tuning_config(a: S) -> bool = "setRemoteAutoTuningConfig" { (a: S) -> bool; "PKc" [14 66, 18 55, 21 !] }
        set_runtime_platform(a: i32) -> () = "setRuntimePlatform" { (a: i32) -> (); "NS_15RuntimePlatformE" [5 58, 18 47] }
        set_tactic_sources(a: u32) -> bool = "setTacticSources" { (a: u32) -> bool; "j" [0 42, 3 38, 18 27] }
        set_tiling_optimization_level(a: i32) -> bool = "setTilingOptimizationLevel" {
            (a: i32) -> bool; "NS_23TilingOptimizationLevelE" [10 62, 18 51]
        }
        set_timing_cache(a: P, b: bool) -> bool = "setTimingCache" { (a: P, b: bool) -> bool; "RKNS_12ITimingCacheEb" [0 45, 3 41, 18 30] }
    }
    ICastLayer cast_layer [1 16] {
        get_to_type() -> i32 = "getToType" { () -> i32; "Kv" [1 3] }
        set_to_type(a: i32) -> () = "setToType" { (a: i32) -> (); "NS_8DataTypeE" [1 2] }
    }
    IConcatenationLayer concatenation_layer [0 16] {
        get_axis() -> i32 = "getAxis" { () -> i32; "Kv" [0 3] }
        set_axis(a: i32) -> () = "setAxis" { (a: i32) -> (); "i" [0 2] }
    }
    IIfConditionalBoundaryLayer conditional_boundary_layer [0 16] {
        get_conditional() -> P = "getConditional" { () -> P; "Kv" [0 2] }
    }
    IConstantLayer constant_layer [0 16] {
        get_dimensions() -> Dims = "getDimensions" { () -> Dims32; "Kv" [0 5, 3 !] () -> Dims64; "Kv" [3 5] }
        get_weights() -> Weights = "getWeights" { () -> Weights; "Kv" [0 3] }
        set_dimensions(a: &Dims) -> () = "setDimensions" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 4, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 4]
        }
        set_weights(a: Weights) -> () = "setWeights" { (a: Weights) -> (); "NS_7WeightsE" [0 2] }
    }
    IConvolutionLayer convolution_layer [0 16] {
        get_bias_weights() -> Weights = "getBiasWeights" { () -> Weights; "Kv" [0 15, 3 9] }
        get_dilation() -> Dims = "getDilation" { () -> Dims32; "Kv" [0 17, 3 !] }
        get_dilation_nd() -> Dims = "getDilationNd" { () -> Dims32; "Kv" [0 31, 3 !] () -> Dims64; "Kv" [3 23] }
        get_kernel_size() -> Dims = "getKernelSize" { () -> Dims32; "Kv" [0 3, 3 !] }
        get_kernel_size_nd() -> Dims = "getKernelSizeNd" { () -> Dims32; "Kv" [0 25, 3 !] () -> Dims64; "Kv" [3 17] }
        get_kernel_weights() -> Weights = "getKernelWeights" { () -> Weights; "Kv" [0 13, 3 7] }
        get_nb_groups() -> i64 = "getNbGroups" { () -> i32; "Kv" [0 11, 3 !] () -> i64; "Kv" [3 5] }
        get_nb_output_maps() -> i64 = "getNbOutputMaps" { () -> i32; "Kv" [0 5, 3 !] () -> i64; "Kv" [3 3] }
        get_padding() -> Dims = "getPadding" { () -> Dims32; "Kv" [0 9, 3 !] }
        get_padding_mode() -> i32 = "getPaddingMode" { () -> i32; "Kv" [0 23, 3 15] }
        get_padding_nd() -> Dims = "getPaddingNd" { () -> Dims32; "Kv" [0 29, 3 !] () -> Dims64; "Kv" [3 21] }
        get_post_padding() -> Dims = "getPostPadding" { () -> Dims32; "Kv" [0 21, 3 !] () -> Dims64; "Kv" [3 13] }
        get_pre_padding() -> Dims = "getPrePadding" { () -> Dims32; "Kv" [0 19, 3 !] () -> Dims64; "Kv" [3 11] }
        get_stride() -> Dims = "getStride" { () -> Dims32; "Kv" [0 7, 3 !] }
        get_stride_nd() -> Dims = "getStrideNd" { () -> Dims32; "Kv" [0 27, 3 !] () -> Dims64; "Kv" [3 19] }
        set_bias_weights(a: Weights) -> () = "setBiasWeights" { (a: Weights) -> (); "NS_7WeightsE" [0 14, 3 8] }
        set_dilation(a: &Dims) -> () = "setDilation" { (a: Dims32) -> (); "NS_6DimsHWE" [0 16, 3 !] }
        set_dilation_nd(a: &Dims) -> () = "setDilationNd" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 30, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 22]
        }
        set_kernel_size(a: &Dims) -> () = "setKernelSize" { (a: Dims32) -> (); "NS_6DimsHWE" [0 2, 3 !] }
        set_kernel_size_nd(a: &Dims) -> () = "setKernelSizeNd" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 24, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 16]
        }
        set_kernel_weights(a: Weights) -> () = "setKernelWeights" { (a: Weights) -> (); "NS_7WeightsE" [0 12, 3 6] }
        set_nb_groups(a: i64) -> () = "setNbGroups" { (a: i32) -> (); "i" [0 10, 3 !] (a: i64) -> (); "l" [3 4] }
        set_nb_output_maps(a: i64) -> () = "setNbOutputMaps" { (a: i32) -> (); "i" [0 4, 3 !] (a: i64) -> (); "l" [3 2] }
        set_padding(a: &Dims) -> () = "setPadding" { (a: Dims32) -> (); "NS_6DimsHWE" [0 8, 3 !] }
        set_padding_mode(a: i32) -> () = "setPaddingMode" { (a: i32) -> (); "NS_11PaddingModeE" [0 22, 3 14] }
        set_padding_nd(a: &Dims) -> () = "setPaddingNd" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 28, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 20]
        }
        set_post_padding(a: &Dims) -> () = "setPostPadding" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 20, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 12]
        }
        set_pre_padding(a: &Dims) -> () = "setPrePadding" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 18, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 10]
        }
        set_stride(a: &Dims) -> () = "setStride" { (a: Dims32) -> (); "NS_6DimsHWE" [0 6, 3 !] }
        set_stride_nd(a: &Dims) -> () = "setStrideNd" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 26, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 18]
        }
    }
    ICudaEngine cuda_engine [0 8] {
        are_weights_loaded() -> bool = "areWeightsLoaded" { () -> bool; "Kv" [24 51] }
        binding_is_input(a: i32) -> bool = "bindingIsInput" { (a: i32) -> bool; "Ki" [0 5, 3 !] }
        create_engine_inspector() -> P = "createEngineInspector" { () -> P; "Kv" [0 33, 3 18, 18 14, 21 16, 23 14] }
        create_execution_context() -> P = "createExecutionContext" { () -> P; "v" [0 11, 3 !] }
        create_execution_context_of_1(a: i32) -> P = "createExecutionContext" {
            (a: i32) -> P; "NS_34ExecutionContextAllocationStrategyE" [3 5]
        }
        create_execution_context_with_runtime_config(a: P) -> P = "createExecutionContextWithRuntimeConfig" {
            (a: P) -> P; "PNS_14IRuntimeConfigE" [12 55, 18 47, 21 53, 23 47]
        }
        create_execution_context_without_device_memory() -> P = "createExecutionContextWithoutDeviceMemory" {
            () -> P; "v" [0 13, 3 6, 18 !]
        }
        create_refitter(a: P) -> P = "createRefitter" { (a: P) -> P; "RNS_7ILoggerE|RNS_5v_1_07ILoggerE" [3 42, 18 37, 21 40, 23 37] }
        create_runtime_config() -> P = "createRuntimeConfig" { () -> P; "v" [12 56, 18 48, 21 54, 23 48] }
        create_serialization_config() -> P = "createSerializationConfig" { () -> P; "v" [3 39, 18 35, 21 37, 23 35] }
        create_weights_manager() -> P = "createWeightsManager" { () -> P; "v" [25 55] }
        get_aliased_input_tensor(a: S) -> S = "getAliasedInputTensor" { (a: S) -> S; "KPKc" [16 58, 18 50, 21 56, 23 50] }
        get_binding_bytes_per_component(a: i32) -> i32 = "getBindingBytesPerComponent" { (a: i32) -> i32; "Ki" [0 16, 3 !] }
        get_binding_components_per_element(a: i32) -> i32 = "getBindingComponentsPerElement" { (a: i32) -> i32; "Ki" [0 17, 3 !] }
        get_binding_data_type(a: i32) -> i32 = "getBindingDataType" { (a: i32) -> i32; "Ki" [0 7, 3 !] }
        get_binding_dimensions(a: i32) -> Dims = "getBindingDimensions" { (a: i32) -> Dims32; "Ki" [0 6, 3 !] }
        get_binding_format(a: i32) -> i32 = "getBindingFormat" { (a: i32) -> i32; "Ki" [0 18, 3 !] }
        get_binding_format_desc(a: i32) -> S = "getBindingFormatDesc" { (a: i32) -> S; "Ki" [0 19, 3 !] }
        get_binding_index(a: S) -> i32 = "getBindingIndex" { (a: S) -> i32; "KPKc" [0 3, 3 !] }
        get_binding_name(a: i32) -> S = "getBindingName" { (a: i32) -> S; "Ki" [0 4, 3 !] }
        get_binding_vectorized_dim(a: i32) -> i32 = "getBindingVectorizedDim" { (a: i32) -> i32; "Ki" [0 20, 3 !] }
        get_device_memory_size() -> u64 = "getDeviceMemorySize" { () -> u64; "Kv" [0 14, 3 7, 18 !] }
        get_device_memory_size_for_profile(a: i32) -> u64 = "getDeviceMemorySizeForProfile" {
            (a: i32) -> u64; "Ki" [3 41, 18 !, 21 39, 23 !]
        }
        get_device_memory_size_for_profile_v2(a: i32) -> i64 = "getDeviceMemorySizeForProfileV2" {
            (a: i32) -> i64; "Ki" [4 53, 18 45, 21 51, 23 45]
        }
        get_device_memory_size_v2() -> i64 = "getDeviceMemorySizeV2" { () -> i64; "Kv" [4 52, 18 44, 21 50, 23 44] }
        get_engine_capability() -> i32 = "getEngineCapability" { () -> i32; "Kv" [0 27, 3 12, 18 9, 21 10, 23 9] }
        get_engine_stat(a: i32) -> i64 = "getEngineStat" { (a: i32) -> i64; "KNS_10EngineStatE" [15 57, 18 49, 21 55, 23 49] }
        get_error_recorder() -> P = "getErrorRecorder" { () -> P; "Kv" [0 29, 3 14, 18 11, 21 12, 23 11] }
        get_hardware_compatibility_level() -> i32 = "getHardwareCompatibilityLevel" { () -> i32; "Kv" [1 47, 3 32, 18 28, 21 30, 23 28] }
        get_io_tensor_name(a: i32) -> S = "getIOTensorName" { (a: i32) -> S; "Ki" [0 46, 3 31, 18 27, 21 29, 23 27] }
        get_location(a: i32) -> i32 = "getLocation" { (a: i32) -> i32; "Ki" [0 12, 3 !] }
        get_max_batch_size() -> i32 = "getMaxBatchSize" { () -> i32; "Kv" [0 8, 3 !] }
        get_minimum_weight_streaming_budget() -> i64 = "getMinimumWeightStreamingBudget" { () -> i64; "Kv" [3 45, 18 !, 21 43, 23 !] }
        get_name() -> S = "getName" { () -> S; "Kv" [0 21, 3 9, 18 7] }
        get_nb_aux_streams() -> i32 = "getNbAuxStreams" { () -> i32; "Kv" [1 49, 3 33, 18 29, 21 31, 23 29] }
        get_nb_bindings() -> i32 = "getNbBindings" { () -> i32; "Kv" [0 2, 3 !] }
        get_nb_io_tensors() -> i32 = "getNbIOTensors" { () -> i32; "Kv" [0 45, 3 30, 18 26, 21 28, 23 26] }
        get_nb_layers() -> i32 = "getNbLayers" { () -> i32; "Kv" [0 9, 3 3] }
        get_nb_optimization_profiles() -> i32 = "getNbOptimizationProfiles" { () -> i32; "Kv" [0 22, 3 10, 18 8] }
        get_p_impl() -> P = "getPImpl" { () -> P; "v" [1 48, 3 2] }
        get_profile_dimensions(a: i32, b: i32, c: i32) -> Dims = "getProfileDimensions" {
            (a: i32, b: i32, c: i32) -> Dims32; "KiiNS_18OptProfileSelectorE" [0 23, 3 !]
        }
        get_profile_shape(a: S, b: i32, c: i32) -> Dims = "getProfileShape" {
            (a: S, b: i32, c: i32) -> Dims32; "KPKciNS_18OptProfileSelectorE" [0 44, 3 !]
            (a: S, b: i32, c: i32) -> Dims64; "KPKciNS_18OptProfileSelectorE" [3 29, 18 25, 21 27, 23 25]
        }
        get_profile_shape_values(a: i32, b: i32, c: i32) -> *const i32 = "getProfileShapeValues" {
            (a: i32, b: i32, c: i32) -> *const i32; "KiiNS_18OptProfileSelectorE" [0 24, 3 !]
        }
        get_profile_tensor_values(a: S, b: i32, c: i32) -> *const i32 = "getProfileTensorValues" {
            (a: S, b: i32, c: i32) -> *const i32; "KPKciNS_18OptProfileSelectorE" [3 11, 18 !, 21 9, 23 !]
        }
        get_profile_tensor_values_v2(a: S, b: i32, c: i32) -> *const i64 = "getProfileTensorValuesV2" {
            (a: S, b: i32, c: i32) -> *const i64; "KPKciNS_18OptProfileSelectorE" [12 54, 18 46, 21 52, 23 46]
        }
        get_profiling_verbosity() -> i32 = "getProfilingVerbosity" { () -> i32; "Kv" [0 32, 3 17, 18 13, 21 15, 23 13] }
        get_streamable_weights_size() -> i64 = "getStreamableWeightsSize" { () -> i64; "Kv" [3 46, 18 38, 21 44, 23 38] }
        get_tactic_sources() -> u32 = "getTacticSources" { () -> u32; "Kv" [0 31, 3 16, 18 12, 21 14, 23 12] }
        get_tensor_bytes_per_component(a: S) -> i32 = "getTensorBytesPerComponent" {
            (a: S) -> i32; "KPKc" [0 39, 3 24, 18 20, 21 22, 23 20]
        }
        get_tensor_bytes_per_component_v2(a: S, b: i32) -> i32 = "getTensorBytesPerComponentV2" {
            (a: S, b: i32) -> i32; "KPKci" [2 50, 3 34, 18 30, 21 32, 23 30]
        }
        get_tensor_components_per_element(a: S) -> i32 = "getTensorComponentsPerElement" {
            (a: S) -> i32; "KPKc" [0 40, 3 25, 18 21, 21 23, 23 21]
        }
        get_tensor_components_per_element_v2(a: S, b: i32) -> i32 = "getTensorComponentsPerElementV2" {
            (a: S, b: i32) -> i32; "KPKci" [2 51, 3 35, 18 31, 21 33, 23 31]
        }
        get_tensor_data_type(a: S) -> i32 = "getTensorDataType" { (a: S) -> i32; "KPKc" [0 35, 3 20, 18 16, 21 18, 23 16] }
        get_tensor_format(a: S) -> i32 = "getTensorFormat" { (a: S) -> i32; "KPKc" [0 41, 3 26, 18 22, 21 24, 23 22] }
        get_tensor_format_desc(a: S) -> S = "getTensorFormatDesc" { (a: S) -> S; "KPKc" [0 42, 3 27, 18 23, 21 25, 23 23] }
        get_tensor_format_desc_v2(a: S, b: i32) -> S = "getTensorFormatDescV2" {
            (a: S, b: i32) -> S; "KPKci" [2 53, 3 37, 18 33, 21 35, 23 33]
        }
        get_tensor_format_v2(a: S, b: i32) -> i32 = "getTensorFormatV2" { (a: S, b: i32) -> i32; "KPKci" [2 52, 3 36, 18 32, 21 34, 23 32] }
        get_tensor_io_mode(a: S) -> i32 = "getTensorIOMode" { (a: S) -> i32; "KPKc" [0 38, 3 23, 18 19, 21 21, 23 19] }
        get_tensor_location(a: S) -> i32 = "getTensorLocation" { (a: S) -> i32; "KPKc" [0 36, 3 21, 18 17, 21 19, 23 17] }
        get_tensor_shape(a: S) -> Dims = "getTensorShape" {
            (a: S) -> Dims32; "KPKc" [0 34, 3 !]
            (a: S) -> Dims64; "KPKc" [3 19, 18 15, 21 17, 23 15]
        }
        get_tensor_vectorized_dim(a: S) -> i32 = "getTensorVectorizedDim" { (a: S) -> i32; "KPKc" [0 43, 3 28, 18 24, 21 26, 23 24] }
        get_tensor_vectorized_dim_v2(a: S, b: i32) -> i32 = "getTensorVectorizedDimV2" {
            (a: S, b: i32) -> i32; "KPKci" [2 54, 3 38, 18 34, 21 36, 23 34]
        }
        get_weight_streaming_automatic_budget() -> i64 = "getWeightStreamingAutomaticBudget" { () -> i64; "Kv" [4 50, 18 42, 21 48, 23 42] }
        get_weight_streaming_budget() -> i64 = "getWeightStreamingBudget" { () -> i64; "Kv" [3 44, 18 !, 21 42, 23 !] }
        get_weight_streaming_budget_v2() -> i64 = "getWeightStreamingBudgetV2" { () -> i64; "Kv" [4 49, 18 41, 21 47, 23 41] }
        get_weight_streaming_scratch_memory_size() -> i64 = "getWeightStreamingScratchMemorySize" {
            () -> i64; "Kv" [4 51, 18 43, 21 49, 23 43]
        }
        has_implicit_batch_dimension() -> bool = "hasImplicitBatchDimension" { () -> bool; "Kv" [0 30, 3 15, 18 !, 21 13, 23 !] }
        is_debug_tensor(a: S) -> bool = "isDebugTensor" { (a: S) -> bool; "KPKc" [3 47, 18 39, 21 45, 23 39] }
        is_execution_binding(a: i32) -> bool = "isExecutionBinding" { (a: i32) -> bool; "Ki" [0 26, 3 !] }
        is_refittable() -> bool = "isRefittable" { () -> bool; "Kv" [0 15, 3 8, 18 6] }
        is_shape_binding(a: i32) -> bool = "isShapeBinding" { (a: i32) -> bool; "Ki" [0 25, 3 !] }
        is_shape_inference_io(a: S) -> bool = "isShapeInferenceIO" { (a: S) -> bool; "KPKc" [0 37, 3 22, 18 18, 21 20, 23 18] }
        load_weights(a: P, b: i64) -> bool = "loadWeights" { (a: P, b: i64) -> bool; "PKvl" [24 52] }
        load_weights_async(a: P, b: P) -> bool = "loadWeightsAsync" {
            (a: P, b: P) -> bool; "RNS_5v_1_015IStreamReaderV2EP11CUstream_st" [24 53]
        }
        serialize() -> P = "serialize" { () -> P; "Kv" [0 10, 3 4] }
        serialize_with_config(a: P) -> P = "serializeWithConfig" { (a: P) -> P; "KRNS_20ISerializationConfigE" [3 40, 18 36, 21 38, 23 36] }
        set_error_recorder(a: P) -> () = "setErrorRecorder" {
            (a: P) -> (); "PNS_14IErrorRecorderE|PNS_5v_1_014IErrorRecorderE" [0 28, 3 13, 18 10, 21 11, 23 10]
        }
        set_weight_streaming_budget(a: i64) -> bool = "setWeightStreamingBudget" { (a: i64) -> bool; "l" [3 43, 18 !, 21 41, 23 !] }
        set_weight_streaming_budget_v2(a: i64) -> bool = "setWeightStreamingBudgetV2" { (a: i64) -> bool; "l" [4 48, 18 40, 21 46, 23 40] }
        unload_weights() -> bool = "unloadWeights" { () -> bool; "v" [25 54] }
    }
    ICumulativeLayer cumulative_layer [10 16] {
        get_exclusive() -> bool = "getExclusive" { () -> bool; "Kv" [10 5] }
        get_operation() -> i32 = "getOperation" { () -> i32; "Kv" [10 3] }
        get_reverse() -> bool = "getReverse" { () -> bool; "Kv" [10 7] }
        set_exclusive(a: bool) -> () = "setExclusive" { (a: bool) -> (); "b" [10 4] }
        set_operation(a: i32) -> bool = "setOperation" { (a: i32) -> bool; "NS_19CumulativeOperationE" [10 2] }
        set_reverse(a: bool) -> () = "setReverse" { (a: bool) -> (); "b" [10 6] }
    }
    IDeconvolutionLayer deconvolution_layer [0 16] {
        get_bias_weights() -> Weights = "getBiasWeights" { () -> Weights; "Kv" [0 15, 3 9] }
        get_dilation_nd() -> Dims = "getDilationNd" { () -> Dims32; "Kv" [0 29, 3 !] () -> Dims64; "Kv" [3 23] }
        get_kernel_size() -> Dims = "getKernelSize" { () -> Dims32; "Kv" [0 3, 3 !] }
        get_kernel_size_nd() -> Dims = "getKernelSizeNd" { () -> Dims32; "Kv" [0 23, 3 !] () -> Dims64; "Kv" [3 17] }
        get_kernel_weights() -> Weights = "getKernelWeights" { () -> Weights; "Kv" [0 13, 3 7] }
        get_nb_groups() -> i64 = "getNbGroups" { () -> i32; "Kv" [0 11, 3 !] () -> i64; "Kv" [3 5] }
        get_nb_output_maps() -> i64 = "getNbOutputMaps" { () -> i32; "Kv" [0 5, 3 !] () -> i64; "Kv" [3 3] }
        get_padding() -> Dims = "getPadding" { () -> Dims32; "Kv" [0 9, 3 !] }
        get_padding_mode() -> i32 = "getPaddingMode" { () -> i32; "Kv" [0 21, 3 15] }
        get_padding_nd() -> Dims = "getPaddingNd" { () -> Dims32; "Kv" [0 27, 3 !] () -> Dims64; "Kv" [3 21] }
        get_post_padding() -> Dims = "getPostPadding" { () -> Dims32; "Kv" [0 19, 3 !] () -> Dims64; "Kv" [3 13] }
        get_pre_padding() -> Dims = "getPrePadding" { () -> Dims32; "Kv" [0 17, 3 !] () -> Dims64; "Kv" [3 11] }
        get_stride() -> Dims = "getStride" { () -> Dims32; "Kv" [0 7, 3 !] }
        get_stride_nd() -> Dims = "getStrideNd" { () -> Dims32; "Kv" [0 25, 3 !] () -> Dims64; "Kv" [3 19] }
        set_bias_weights(a: Weights) -> () = "setBiasWeights" { (a: Weights) -> (); "NS_7WeightsE" [0 14, 3 8] }
        set_dilation_nd(a: &Dims) -> () = "setDilationNd" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 28, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 22]
        }
        set_kernel_size(a: &Dims) -> () = "setKernelSize" { (a: Dims32) -> (); "NS_6DimsHWE" [0 2, 3 !] }
        set_kernel_size_nd(a: &Dims) -> () = "setKernelSizeNd" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 22, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 16]
        }
        set_kernel_weights(a: Weights) -> () = "setKernelWeights" { (a: Weights) -> (); "NS_7WeightsE" [0 12, 3 6] }
        set_nb_groups(a: i64) -> () = "setNbGroups" { (a: i32) -> (); "i" [0 10, 3 !] (a: i64) -> (); "l" [3 4] }
        set_nb_output_maps(a: i64) -> () = "setNbOutputMaps" { (a: i32) -> (); "i" [0 4, 3 !] (a: i64) -> (); "l" [3 2] }
        set_padding(a: &Dims) -> () = "setPadding" { (a: Dims32) -> (); "NS_6DimsHWE" [0 8, 3 !] }
        set_padding_mode(a: i32) -> () = "setPaddingMode" { (a: i32) -> (); "NS_11PaddingModeE" [0 20, 3 14] }
        set_padding_nd(a: &Dims) -> () = "setPaddingNd" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 26, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 20]
        }
        set_post_padding(a: &Dims) -> () = "setPostPadding" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 18, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 12]
        }
        set_pre_padding(a: &Dims) -> () = "setPrePadding" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 16, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 10]
        }
        set_stride(a: &Dims) -> () = "setStride" { (a: Dims32) -> (); "NS_6DimsHWE" [0 6, 3 !] }
        set_stride_nd(a: &Dims) -> () = "setStrideNd" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 24, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 18]
        }
    }
    IDequantizeLayer dequantize_layer [0 16] {
        get_axis() -> i32 = "getAxis" { () -> i32; "Kv" [0 2] }
        get_block_shape() -> Dims = "getBlockShape" { () -> Dims64; "Kv" [16 6] }
        get_to_type() -> i32 = "getToType" { () -> i32; "Kv" [3 4] }
        set_axis(a: i32) -> () = "setAxis" { (a: i32) -> (); "i" [0 3] }
        set_block_shape(a: &Dims) -> bool = "setBlockShape" { (a: *const Dims64) -> bool; "RKNS_6Dims64E" [16 7] }
        set_to_type(a: i32) -> () = "setToType" { (a: i32) -> (); "NS_8DataTypeE" [3 5] }
    }
    IDimensionExpr dimension_expr [0 8] {
        get_constant_value() -> i64 = "getConstantValue" { () -> i32; "Kv" [0 3, 3 !] () -> i64; "Kv" [3 3] }
        is_constant() -> bool = "isConstant" { () -> bool; "Kv" [0 2] }
        is_size_tensor() -> bool = "isSizeTensor" { () -> bool; "Kv" [3 4] }
    }
    IDynamicQuantizeLayer dynamic_quantize_layer [10 16] {
        get_axis() -> i32 = "getAxis" { () -> i32; "Kv" [10 2] }
        get_block_shape() -> Dims = "getBlockShape" { () -> Dims64; "Kv" [16 10] }
        get_block_size() -> i32 = "getBlockSize" { () -> i32; "Kv" [10 4] }
        get_scale_type() -> i32 = "getScaleType" { () -> i32; "Kv" [10 6] }
        get_to_type() -> i32 = "getToType" { () -> i32; "Kv" [10 8] }
        set_axis(a: i32) -> () = "setAxis" { (a: i32) -> (); "i" [10 3] }
        set_block_shape(a: &Dims) -> () = "setBlockShape" { (a: *const Dims64) -> (); "RKNS_6Dims64E" [16 11] }
        set_block_size(a: i32) -> () = "setBlockSize" { (a: i32) -> (); "i" [10 5] }
        set_scale_type(a: i32) -> () = "setScaleType" { (a: i32) -> (); "NS_8DataTypeE" [10 7] }
        set_to_type(a: i32) -> () = "setToType" { (a: i32) -> (); "NS_8DataTypeE" [10 9] }
    }
    IEinsumLayer einsum_layer [0 16] {
        get_equation() -> S = "getEquation" { () -> S; "Kv" [0 3] }
        set_equation(a: S) -> bool = "setEquation" { (a: S) -> bool; "PKc" [0 2] }
    }
    IElementWiseLayer element_wise_layer [0 16] {
        get_operation() -> i32 = "getOperation" { () -> i32; "Kv" [0 3] }
        set_operation(a: i32) -> () = "setOperation" { (a: i32) -> (); "NS_20ElementWiseOperationE" [0 2] }
    }
    IEngineInspector engine_inspector [0 8] {
        get_engine_information(a: i32) -> S = "getEngineInformation" { (a: i32) -> S; "KNS_22LayerInformationFormatE" [0 5, 3 6] }
        get_error_recorder() -> P = "getErrorRecorder" { () -> P; "Kv" [0 7, 3 8] }
        get_execution_context() -> P = "getExecutionContext" { () -> P; "Kv" [0 3, 3 4] }
        get_layer_information(a: i32, b: i32) -> S = "getLayerInformation" {
            (a: i32, b: i32) -> S; "KiNS_22LayerInformationFormatE" [0 4, 3 5]
        }
        get_p_impl() -> P = "getPImpl" { () -> P; "v" [1 8, 3 2] }
        set_error_recorder(a: P) -> () = "setErrorRecorder" { (a: P) -> (); "PNS_14IErrorRecorderE|PNS_5v_1_014IErrorRecorderE" [0 6, 3 7] }
        set_execution_context(a: P) -> bool = "setExecutionContext" { (a: P) -> bool; "PKNS_17IExecutionContextE" [0 2, 3 3] }
    }
    IExecutionContext execution_context [0 8] {
        all_input_dimensions_specified() -> bool = "allInputDimensionsSpecified" { () -> bool; "Kv" [0 19, 3 12] }
        all_input_shapes_specified() -> bool = "allInputShapesSpecified" { () -> bool; "Kv" [0 20, 3 13, 18 !, 21 13, 23 !] }
        enqueue(a: i32, b: *const P, c: P, d: *mut P) -> bool = "enqueue" {
            (a: i32, b: *const P, c: P, d: *mut P) -> bool; "iPKPvP11CUstream_stPP10CUevent_st" [0 3, 3 !]
        }
        enqueue_v2(a: *const P, b: P, c: *mut P) -> bool = "enqueueV2" {
            (a: *const P, b: P, c: *mut P) -> bool; "PKPvP11CUstream_stPP10CUevent_st" [0 24, 3 !]
        }
        enqueue_v3(a: P) -> bool = "enqueueV3" { (a: P) -> bool; "P11CUstream_st" [0 44, 3 37, 18 36, 21 37, 23 36] }
        execute(a: i32, b: *const P) -> bool = "execute" { (a: i32, b: *const P) -> bool; "iPKPv" [0 2, 3 !] }
        execute_v2(a: *const P) -> bool = "executeV2" { (a: *const P) -> bool; "PKPv" [0 23, 3 16, 18 15, 21 16, 23 15] }
        get_binding_dimensions(a: i32) -> Dims = "getBindingDimensions" { (a: i32) -> Dims32; "Ki" [0 16, 3 !] }
        get_debug_listener() -> P = "getDebugListener" { () -> P; "v" [3 44, 18 43, 21 44, 23 43] }
        get_debug_state(a: S) -> bool = "getDebugState" { (a: S) -> bool; "KPKc" [3 46, 18 45, 21 46, 23 45] }
        get_debug_sync() -> bool = "getDebugSync" { () -> bool; "Kv" [0 5, 3 4] }
        get_engine() -> P = "getEngine" { () -> P; "Kv" [0 8, 3 7] }
        get_enqueue_emits_profile() -> bool = "getEnqueueEmitsProfile" { () -> bool; "Kv" [0 27, 3 19, 18 18, 21 19, 23 18] }
        get_error_recorder() -> P = "getErrorRecorder" { () -> P; "Kv" [0 22, 3 15, 18 14, 21 15, 23 14] }
        get_input_consumed_event() -> P = "getInputConsumedEvent" { () -> P; "Kv" [0 37, 3 30, 18 29, 21 30, 23 29] }
        get_max_output_size(a: S) -> i64 = "getMaxOutputSize" { (a: S) -> i64; "KPKc" [0 41, 3 34, 18 33, 21 34, 23 33] }
        get_name() -> S = "getName" { () -> S; "Kv" [0 10, 3 9] }
        get_nvtx_verbosity() -> i32 = "getNvtxVerbosity" { () -> i32; "Kv" [0 48, 3 41, 18 40, 21 41, 23 40] }
        get_optimization_profile() -> i32 = "getOptimizationProfile" { () -> i32; "Kv" [0 14, 3 11] }
        get_output_allocator(a: S) -> P = "getOutputAllocator" { (a: S) -> P; "PKc" [0 40, 3 33, 18 32, 21 33, 23 32] }
        get_output_tensor_address(a: S) -> P = "getOutputTensorAddress" { (a: S) -> P; "KPKc" [0 38, 3 31, 18 30, 21 31, 23 30] }
        get_p_impl() -> P = "getPImpl" { () -> P; "v" [1 49, 3 2] }
        get_persistent_cache_limit() -> u64 = "getPersistentCacheLimit" { () -> u64; "Kv" [0 46, 3 39, 18 38, 21 39, 23 38] }
        get_profiler() -> P = "getProfiler" { () -> P; "Kv" [0 7, 3 6] }
        get_runtime_config() -> P = "getRuntimeConfig" { () -> P; "Kv" [12 50, 18 49, 21 50, 23 49] }
        get_shape_binding(a: i32, b: *mut i32) -> bool = "getShapeBinding" { (a: i32, b: *mut i32) -> bool; "KiPi" [0 18, 3 !] }
        get_strides(a: i32) -> Dims = "getStrides" { (a: i32) -> Dims32; "Ki" [0 12, 3 !] }
        get_temporary_storage_allocator() -> P = "getTemporaryStorageAllocator" { () -> P; "Kv" [0 43, 3 36, 18 35, 21 36, 23 35] }
        get_tensor_address(a: S) -> P = "getTensorAddress" { (a: S) -> P; "KPKc" [0 33, 3 25, 18 24, 21 25, 23 24] }
        get_tensor_shape(a: S) -> Dims = "getTensorShape" {
            (a: S) -> Dims32; "KPKc" [0 30, 3 !]
            (a: S) -> Dims64; "KPKc" [3 22, 18 21, 21 22, 23 21]
        }
        get_tensor_strides(a: S) -> Dims = "getTensorStrides" {
            (a: S) -> Dims32; "KPKc" [0 31, 3 !]
            (a: S) -> Dims64; "KPKc" [3 23, 18 22, 21 23, 23 22]
        }
        get_unfused_tensors_debug_state() -> bool = "getUnfusedTensorsDebugState" { () -> bool; "Kv" [13 52, 18 51, 21 52, 23 51] }
        infer_shapes(a: i32, b: *mut S) -> i32 = "inferShapes" { (a: i32, b: *mut S) -> i32; "iPPKc" [0 35, 3 28, 18 27, 21 28, 23 27] }
        is_stream_capturable(a: P) -> bool = "isStreamCapturable" { (a: P) -> bool; "KP11CUstream_st" [23 52] }
        report_to_profiler() -> bool = "reportToProfiler" { () -> bool; "Kv" [0 28, 3 20, 18 19, 21 20, 23 19] }
        set_all_tensors_debug_state(a: bool) -> bool = "setAllTensorsDebugState" { (a: bool) -> bool; "b" [3 47, 18 46, 21 47, 23 46] }
        set_aux_streams(a: *mut P, b: i32) -> () = "setAuxStreams" {
            (a: *mut P, b: i32) -> (); "PP11CUstream_sti" [1 50, 3 42, 18 41, 21 42, 23 41]
        }
        set_binding_dimensions(a: i32, b: &Dims) -> bool = "setBindingDimensions" {
            (a: i32, b: Dims32) -> bool; "iNS_6Dims32E" [0 15, 3 !]
        }
        set_communicator(a: P) -> bool = "setCommunicator" { (a: P) -> bool; "Pv" [17 53, 18 52, 21 !, 22 53] }
        set_debug_listener(a: P) -> bool = "setDebugListener" { (a: P) -> bool; "PNS_5v_1_014IDebugListenerE" [3 43, 18 42, 21 43, 23 42] }
        set_debug_sync(a: bool) -> () = "setDebugSync" { (a: bool) -> (); "b" [0 4, 3 3] }
        set_device_memory(a: P) -> () = "setDeviceMemory" { (a: P) -> (); "Pv" [0 11, 3 10] }
        set_device_memory_v2(a: P, b: i64) -> () = "setDeviceMemoryV2" { (a: P, b: i64) -> (); "Pvl" [4 49, 18 48, 21 49, 23 48] }
        set_enqueue_emits_profile(a: bool) -> () = "setEnqueueEmitsProfile" { (a: bool) -> (); "b" [0 26, 3 18, 18 17, 21 18, 23 17] }
        set_error_recorder(a: P) -> () = "setErrorRecorder" {
            (a: P) -> (); "PNS_14IErrorRecorderE|PNS_5v_1_014IErrorRecorderE" [0 21, 3 14, 18 13, 21 14, 23 13]
        }
        set_input_consumed_event(a: P) -> bool = "setInputConsumedEvent" {
            (a: P) -> bool; "P10CUevent_st" [0 36, 3 29, 18 28, 21 29, 23 28]
        }
        set_input_shape(a: S, b: &Dims) -> bool = "setInputShape" {
            (a: S, b: *const Dims32) -> bool; "PKcRKNS_6Dims32E" [0 29, 3 !]
            (a: S, b: *const Dims64) -> bool; "PKcRKNS_6Dims64E" [3 21, 18 20, 21 21, 23 20]
        }
        set_input_shape_binding(a: i32, b: *const i32) -> bool = "setInputShapeBinding" {
            (a: i32, b: *const i32) -> bool; "iPKi" [0 17, 3 !]
        }
        set_input_tensor_address(a: S, b: P) -> bool = "setInputTensorAddress" {
            (a: S, b: P) -> bool; "PKcPKv" [0 34, 3 26, 18 25, 21 26, 23 25]
        }
        set_name(a: S) -> () = "setName" { (a: S) -> (); "PKc" [0 9, 3 8] }
        set_nvtx_verbosity(a: i32) -> bool = "setNvtxVerbosity" {
            (a: i32) -> bool; "NS_18ProfilingVerbosityE" [0 47, 3 40, 18 39, 21 40, 23 39]
        }
        set_optimization_profile(a: i32) -> bool = "setOptimizationProfile" { (a: i32) -> bool; "i" [0 13, 3 !] }
        set_optimization_profile_async(a: i32, b: P) -> bool = "setOptimizationProfileAsync" {
            (a: i32, b: P) -> bool; "iP11CUstream_st" [0 25, 3 17, 18 16, 21 17, 23 16]
        }
        set_output_allocator(a: S, b: P) -> bool = "setOutputAllocator" {
            (a: S, b: P) -> bool; "PKcPNS_16IOutputAllocatorE|PKcPNS_5v_1_016IOutputAllocatorE" [0 39, 3 32, 18 31, 21 32, 23 31]
        }
        set_output_tensor_address(a: S, b: P) -> bool = "setOutputTensorAddress" {
            (a: S, b: P) -> bool; "PKcPv" [3 27, 18 26, 21 27, 23 26]
        }
        set_persistent_cache_limit(a: u64) -> () = "setPersistentCacheLimit" { (a: u64) -> (); "m" [0 45, 3 38, 18 37, 21 38, 23 37] }
        set_profiler(a: P) -> () = "setProfiler" { (a: P) -> (); "PNS_9IProfilerE|PNS_5v_1_09IProfilerE" [0 6, 3 5] }
        set_temporary_storage_allocator(a: P) -> bool = "setTemporaryStorageAllocator" {
            (a: P) -> bool; "PNS_13IGpuAllocatorE|PNS_5v_1_013IGpuAllocatorE" [0 42, 3 35, 18 34, 21 35, 23 34]
        }
        set_tensor_address(a: S, b: P) -> bool = "setTensorAddress" { (a: S, b: P) -> bool; "PKcPv" [0 32, 3 24, 18 23, 21 24, 23 23] }
        set_tensor_debug_state(a: S, b: bool) -> bool = "setTensorDebugState" {
            (a: S, b: bool) -> bool; "PKcb" [3 45, 18 44, 21 45, 23 44]
        }
        set_unfused_tensors_debug_state(a: bool) -> bool = "setUnfusedTensorsDebugState" {
            (a: bool) -> bool; "b" [13 51, 18 50, 21 51, 23 50]
        }
        update_device_memory_size_for_shapes() -> u64 = "updateDeviceMemorySizeForShapes" { () -> u64; "v" [3 48, 18 47, 21 48, 23 47] }
    }
    IExprBuilder expr_builder [0 8] {
        constant(a: i64) -> P = "constant" { (a: i32) -> P; "i" [0 2, 3 !] (a: i64) -> P; "l" [3 2] }
        declare_size_tensor(a: i32, b: P, c: P) -> P = "declareSizeTensor" { (a: i32, b: P, c: P) -> P; "iRKNS_14IDimensionExprES4_" [3 4] }
        operation(a: i32, b: P, c: P) -> P = "operation" {
            (a: i32, b: P, c: P) -> P; "NS_18DimensionOperationERKNS_14IDimensionExprES5_" [0 3]
        }
    }
    IFillLayer fill_layer [0 16] {
        get_alpha() -> f64 = "getAlpha" { () -> f64; "Kv" [0 7] }
        get_alpha_int64() -> i64 = "getAlphaInt64" { () -> i64; "Kv" [3 11] }
        get_beta() -> f64 = "getBeta" { () -> f64; "Kv" [0 9] }
        get_beta_int64() -> i64 = "getBetaInt64" { () -> i64; "Kv" [3 13] }
        get_dimensions() -> Dims = "getDimensions" { () -> Dims32; "Kv" [0 3, 3 !] () -> Dims64; "Kv" [3 3] }
        get_operation() -> i32 = "getOperation" { () -> i32; "Kv" [0 5] }
        get_to_type() -> i32 = "getToType" { () -> i32; "Kv" [3 15] }
        is_alpha_beta_int64() -> bool = "isAlphaBetaInt64" { () -> bool; "Kv" [3 14] }
        set_alpha(a: f64) -> () = "setAlpha" { (a: f64) -> (); "d" [0 6] }
        set_alpha_int64(a: i64) -> () = "setAlphaInt64" { (a: i64) -> (); "l" [3 10] }
        set_beta(a: f64) -> () = "setBeta" { (a: f64) -> (); "d" [0 8] }
        set_beta_int64(a: i64) -> () = "setBetaInt64" { (a: i64) -> (); "l" [3 12] }
        set_dimensions(a: &Dims) -> () = "setDimensions" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 2, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 2]
        }
        set_operation(a: i32) -> () = "setOperation" { (a: i32) -> (); "NS_13FillOperationE" [0 4] }
        set_to_type(a: i32) -> () = "setToType" { (a: i32) -> (); "NS_8DataTypeE" [3 16] }
    }
    IFullyConnectedLayer fully_connected_layer [0 16, 3 !] {
        get_bias_weights() -> Weights = "getBiasWeights" { () -> Weights; "Kv" [0 7, 3 !] }
        get_kernel_weights() -> Weights = "getKernelWeights" { () -> Weights; "Kv" [0 5, 3 !] }
        get_nb_output_channels() -> i32 = "getNbOutputChannels" { () -> i32; "Kv" [0 3, 3 !] }
        set_bias_weights(a: Weights) -> () = "setBiasWeights" { (a: Weights) -> (); "NS_7WeightsE" [0 6, 3 !] }
        set_kernel_weights(a: Weights) -> () = "setKernelWeights" { (a: Weights) -> (); "NS_7WeightsE" [0 4, 3 !] }
        set_nb_output_channels(a: i32) -> () = "setNbOutputChannels" { (a: i32) -> (); "i" [0 2, 3 !] }
    }
    IGatherLayer gather_layer [0 16] {
        get_gather_axis() -> i32 = "getGatherAxis" { () -> i32; "Kv" [0 3] }
        get_mode() -> i32 = "getMode" { () -> i32; "Kv" [0 7] }
        get_nb_element_wise_dims() -> i32 = "getNbElementWiseDims" { () -> i32; "Kv" [0 5] }
        set_gather_axis(a: i32) -> () = "setGatherAxis" { (a: i32) -> (); "i" [0 2] }
        set_mode(a: i32) -> () = "setMode" { (a: i32) -> (); "NS_10GatherModeE" [0 6] }
        set_nb_element_wise_dims(a: i32) -> () = "setNbElementWiseDims" { (a: i32) -> (); "i" [0 4] }
    }
    IGridSampleLayer grid_sample_layer [0 16] {
        get_align_corners() -> bool = "getAlignCorners" { () -> bool; "Kv" [0 5] }
        get_interpolation_mode() -> i32 = "getInterpolationMode" { () -> i32; "Kv" [0 3] }
        get_sample_mode() -> i32 = "getSampleMode" { () -> i32; "Kv" [0 7] }
        set_align_corners(a: bool) -> () = "setAlignCorners" { (a: bool) -> (); "b" [0 4] }
        set_interpolation_mode(a: i32) -> () = "setInterpolationMode" { (a: i32) -> (); "NS_17InterpolationModeE" [0 2] }
        set_sample_mode(a: i32) -> bool = "setSampleMode" { (a: i32) -> bool; "NS_10SampleModeE" [0 6] }
    }
    IHostMemory host_memory [0 8] {
        data() -> P = "data" { () -> P; "Kv" [0 2] }
        size() -> u64 = "size" { () -> u64; "Kv" [0 3] }
        type_() -> i32 = "type" { () -> i32; "Kv" [0 4] }
    }
    IIfConditional if_conditional [0 8] {
        add_input(a: P) -> P = "addInput" { (a: P) -> P; "RNS_7ITensorE" [0 3] }
        add_output(a: P, b: P) -> P = "addOutput" { (a: P, b: P) -> P; "RNS_7ITensorES3_" [0 4] }
        get_name() -> S = "getName" { () -> S; "Kv" [0 6] }
        set_condition(a: P) -> P = "setCondition" { (a: P) -> P; "RNS_7ITensorE" [0 2] }
        set_name(a: S) -> () = "setName" { (a: S) -> (); "PKc" [0 5] }
    }
    IIteratorLayer iterator_layer [0 24] {
        get_axis() -> i32 = "getAxis" { () -> i32; "Kv" [0 3] }
        get_reverse() -> bool = "getReverse" { () -> bool; "Kv" [0 5] }
        set_axis(a: i32) -> () = "setAxis" { (a: i32) -> (); "i" [0 2] }
        set_reverse(a: bool) -> () = "setReverse" { (a: bool) -> (); "b" [0 4] }
    }
    IKVCacheUpdateLayer kvcache_update_layer [16 16] {
        get_cache_mode() -> i32 = "getCacheMode" { () -> i32; "Kv" [16 3] }
        get_update_form() -> i32 = "getUpdateForm" { () -> i32; "Kv" [18 5, 21 !, 23 5] }
        get_update_lengths() -> P = "getUpdateLengths" { () -> P; "Kv" [18 7, 21 !, 23 7] }
        set_cache_mode(a: i32) -> bool = "setCacheMode" { (a: i32) -> bool; "NS_11KVCacheModeE" [16 2] }
        set_update_form(a: i32) -> bool = "setUpdateForm" { (a: i32) -> bool; "NS_15AttentionIOFormE" [18 4, 21 !, 23 4] }
        set_update_lengths(a: P) -> bool = "setUpdateLengths" { (a: P) -> bool; "PNS_7ITensorE" [18 6, 21 !, 23 6] }
    }
    ILRNLayer lrn_layer [0 16] {
        get_alpha() -> f32 = "getAlpha" { () -> f32; "Kv" [0 5] }
        get_beta() -> f32 = "getBeta" { () -> f32; "Kv" [0 7] }
        get_k() -> f32 = "getK" { () -> f32; "Kv" [0 9] }
        get_window_size() -> i64 = "getWindowSize" { () -> i32; "Kv" [0 3, 3 !] () -> i64; "Kv" [3 3] }
        set_alpha(a: f32) -> () = "setAlpha" { (a: f32) -> (); "f" [0 4] }
        set_beta(a: f32) -> () = "setBeta" { (a: f32) -> (); "f" [0 6] }
        set_k(a: f32) -> () = "setK" { (a: f32) -> (); "f" [0 8] }
        set_window_size(a: i64) -> () = "setWindowSize" { (a: i32) -> (); "i" [0 2, 3 !] (a: i64) -> (); "l" [3 2] }
    }
    ILayer layer [0 8] {
        get_input(a: i32) -> P = "getInput" { (a: i32) -> P; "Ki" [0 6] }
        get_metadata() -> S = "getMetadata" { () -> S; "Kv" [1 19, 18 12, 21 19, 23 12] }
        get_name() -> S = "getName" { () -> S; "Kv" [0 4] }
        get_nb_inputs() -> i32 = "getNbInputs" { () -> i32; "Kv" [0 5] }
        get_nb_outputs() -> i32 = "getNbOutputs" { () -> i32; "Kv" [0 7] }
        get_nb_ranks() -> i32 = "getNbRanks" { () -> i32; "Kv" [17 21, 18 14, 21 !, 22 21, 23 14] }
        get_output(a: i32) -> P = "getOutput" { (a: i32) -> P; "Ki" [0 8] }
        get_output_type(a: i32) -> i32 = "getOutputType" { (a: i32) -> i32; "Ki" [0 15, 18 10, 21 15, 23 10] }
        get_precision() -> i32 = "getPrecision" { () -> i32; "Kv" [0 11, 18 !, 21 11, 23 !] }
        get_type() -> i32 = "getType" { () -> i32; "Kv" [0 2] }
        output_type_is_set(a: i32) -> bool = "outputTypeIsSet" { (a: i32) -> bool; "Ki" [0 16, 18 !, 21 16, 23 !] }
        precision_is_set() -> bool = "precisionIsSet" { () -> bool; "Kv" [0 12, 18 !, 21 12, 23 !] }
        reset_output_type(a: i32) -> () = "resetOutputType" { (a: i32) -> (); "i" [0 17, 18 !, 21 17, 23 !] }
        reset_precision() -> () = "resetPrecision" { () -> (); "v" [0 13, 18 !, 21 13, 23 !] }
        set_input(a: i32, b: P) -> () = "setInput" { (a: i32, b: P) -> (); "iRNS_7ITensorE" [0 9] }
        set_metadata(a: S) -> () = "setMetadata" { (a: S) -> (); "PKc" [1 18, 18 11, 21 18, 23 11] }
        set_name(a: S) -> () = "setName" { (a: S) -> (); "PKc" [0 3] }
        set_nb_ranks(a: i32) -> bool = "setNbRanks" { (a: i32) -> bool; "i" [17 20, 18 13, 21 !, 22 20, 23 13] }
        set_output_type(a: i32, b: i32) -> () = "setOutputType" { (a: i32, b: i32) -> (); "iNS_8DataTypeE" [0 14, 18 !, 21 14, 23 !] }
        set_precision(a: i32) -> () = "setPrecision" { (a: i32) -> (); "NS_8DataTypeE" [0 10, 18 !, 21 10, 23 !] }
    }
    ILoop loop_ [0 8] {
        add_iterator(a: P, b: i32, c: bool) -> P = "addIterator" { (a: P, b: i32, c: bool) -> P; "RNS_7ITensorEib" [0 4] }
        add_loop_output(a: P, b: i32, c: i32) -> P = "addLoopOutput" { (a: P, b: i32, c: i32) -> P; "RNS_7ITensorENS_10LoopOutputEi" [0 5] }
        add_recurrence(a: P) -> P = "addRecurrence" { (a: P) -> P; "RNS_7ITensorE" [0 2] }
        add_trip_limit(a: P, b: i32) -> P = "addTripLimit" { (a: P, b: i32) -> P; "RNS_7ITensorENS_9TripLimitE" [0 3] }
        get_name() -> S = "getName" { () -> S; "Kv" [0 7] }
        set_name(a: S) -> () = "setName" { (a: S) -> (); "PKc" [0 6] }
    }
    ILoopBoundaryLayer loop_boundary_layer [0 16] {
        get_loop() -> P = "getLoop" { () -> P; "Kv" [0 2] }
    }
    ILoopOutputLayer loop_output_layer [0 24] {
        get_axis() -> i32 = "getAxis" { () -> i32; "Kv" [0 4] }
        get_loop_output() -> i32 = "getLoopOutput" { () -> i32; "Kv" [0 2] }
        set_axis(a: i32) -> () = "setAxis" { (a: i32) -> (); "i" [0 3] }
    }
    IMatrixMultiplyLayer matrix_multiply_layer [0 16] {
        get_operation(a: i32) -> i32 = "getOperation" { (a: i32) -> i32; "Ki" [0 3] }
        set_operation(a: i32, b: i32) -> () = "setOperation" { (a: i32, b: i32) -> (); "iNS_15MatrixOperationE" [0 2] }
    }
    IMoELayer moe_layer [17 16, 21 !, 22 16] {
        get_activation_type() -> i32 = "getActivationType" { () -> i32; "Kv" [17 5, 21 !, 22 5] }
        get_dyn_q_output_scale_type() -> i32 = "getDynQOutputScaleType" { () -> i32; "Kv" [17 13, 21 !, 22 13] }
        get_quantization_block_shape() -> Dims = "getQuantizationBlockShape" { () -> Dims64; "Kv" [17 11, 21 !, 22 11] }
        get_quantization_to_type() -> i32 = "getQuantizationToType" { () -> i32; "Kv" [17 9, 21 !, 22 9] }
        get_swiglu_param_alpha() -> f32 = "getSwigluParamAlpha" { () -> f32; "Kv" [17 18, 21 !, 22 18] }
        get_swiglu_param_beta() -> f32 = "getSwigluParamBeta" { () -> f32; "Kv" [17 20, 21 !, 22 20] }
        get_swiglu_param_limit() -> f32 = "getSwigluParamLimit" { () -> f32; "Kv" [17 16, 21 !, 22 16] }
        set_activation_type(a: i32) -> () = "setActivationType" { (a: i32) -> (); "NS_10MoEActTypeE" [17 4, 21 !, 22 4] }
        set_dyn_q_output_scale_type(a: i32) -> () = "setDynQOutputScaleType" { (a: i32) -> (); "NS_8DataTypeE" [17 12, 21 !, 22 12] }
        set_gated_biases(a: P, b: P, c: P) -> () = "setGatedBiases" { (a: P, b: P, c: P) -> (); "RNS_7ITensorES3_S3_" [17 3, 21 !, 22 3] }
        set_gated_weights(a: P, b: P, c: P, d: i32) -> () = "setGatedWeights" {
            (a: P, b: P, c: P, d: i32) -> (); "RNS_7ITensorES3_S3_NS_10MoEActTypeE" [17 2, 21 !, 22 2]
        }
        set_input(a: i32, b: P) -> () = "setInput" { (a: i32, b: P) -> (); "iRNS_7ITensorE" [17 21, 21 !, 22 21] }
        set_quantization_block_shape(a: &Dims) -> () = "setQuantizationBlockShape" {
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [17 10, 21 !, 22 10]
        }
        set_quantization_dynamic_dbl_q(a: P, b: i32, c: &Dims, d: i32) -> () = "setQuantizationDynamicDblQ" {
            (a: P, b: i32, c: *const Dims64, d: i32) -> (); "RNS_7ITensorENS_8DataTypeERKNS_6Dims64ES4_" [17 7, 21 !, 22 7]
        }
        set_quantization_static(a: P, b: i32) -> () = "setQuantizationStatic" {
            (a: P, b: i32) -> (); "RNS_7ITensorENS_8DataTypeE" [17 6, 21 !, 22 6]
        }
        set_quantization_to_type(a: i32) -> () = "setQuantizationToType" { (a: i32) -> (); "NS_8DataTypeE" [17 8, 21 !, 22 8] }
        set_swiglu_param_alpha(a: f32) -> () = "setSwigluParamAlpha" { (a: f32) -> (); "f" [17 17, 21 !, 22 17] }
        set_swiglu_param_beta(a: f32) -> () = "setSwigluParamBeta" { (a: f32) -> (); "f" [17 19, 21 !, 22 19] }
        set_swiglu_param_limit(a: f32) -> () = "setSwigluParamLimit" { (a: f32) -> (); "f" [17 15, 21 !, 22 15] }
        set_swiglu_params(a: f32, b: f32, c: f32) -> () = "setSwigluParams" { (a: f32, b: f32, c: f32) -> (); "fff" [17 14, 21 !, 22 14] }
    }
    INMSLayer nms_layer [0 16] {
        get_bounding_box_format() -> i32 = "getBoundingBoxFormat" { () -> i32; "Kv" [0 3] }
        get_indices_type() -> i32 = "getIndicesType" { () -> i32; "Kv" [15 7] }
        get_top_k_box_limit() -> i32 = "getTopKBoxLimit" { () -> i32; "Kv" [0 5] }
        set_bounding_box_format(a: i32) -> () = "setBoundingBoxFormat" { (a: i32) -> (); "NS_17BoundingBoxFormatE" [0 2] }
        set_indices_type(a: i32) -> bool = "setIndicesType" { (a: i32) -> bool; "NS_8DataTypeE" [15 6] }
        set_top_k_box_limit(a: i32) -> () = "setTopKBoxLimit" { (a: i32) -> (); "i" [0 4] }
    }
    INetworkDefinition network_definition [0 8] {
        add_activation(a: P, b: i32) -> P = "addActivation" { (a: P, b: i32) -> P; "RNS_7ITensorENS_14ActivationTypeE" [0 6, 3 4] }
        add_assertion(a: P, b: S) -> P = "addAssertion" { (a: P, b: S) -> P; "RNS_7ITensorEPKc" [0 61, 3 55, 18 52, 21 51, 23 50] }
        add_attention(a: P, b: P, c: P, d: i32, e: bool) -> P = "addAttention" {
            (a: P, b: P, c: P, d: i32, e: bool) -> P; "RNS_7ITensorES3_S3_NS_24AttentionNormalizationOpEb" [15 84, 18 81, 21 80, 23 79]
        }
        add_attention_v2(a: P, b: P, c: P, d: i32, e: i32) -> P = "addAttentionV2" {
            (a: P, b: P, c: P, d: i32, e: i32) -> P; "RNS_7ITensorES3_S3_NS_24AttentionNormalizationOpENS_14CausalMaskKindE" [18 88, 21 !, 23 86]
        }
        add_cast(a: P, b: i32) -> P = "addCast" { (a: P, b: i32) -> P; "RNS_7ITensorENS_8DataTypeE" [1 68, 3 62, 18 59, 21 58, 23 57] }
        add_concatenation(a: *const P, b: i32) -> P = "addConcatenation" { (a: *const P, b: i32) -> P; "PKPNS_7ITensorEi" [0 11, 3 8] }
        add_constant(a: &Dims, b: Weights) -> P = "addConstant" {
            (a: Dims32, b: Weights) -> P; "NS_6Dims32ENS_7WeightsE" [0 28, 3 !]
            (a: *const Dims64, b: Weights) -> P; "RKNS_6Dims64ENS_7WeightsE" [3 23]
        }
        add_convolution(a: P, b: i32, c: &Dims, d: Weights, e: Weights) -> P = "addConvolution" {
            (a: P, b: i32, c: Dims32, d: Weights, e: Weights) -> P; "RNS_7ITensorEiNS_6DimsHWENS_7WeightsES5_" [0 4, 3 !]
        }
        add_convolution_nd(a: P, b: i64, c: &Dims, d: Weights, e: Weights) -> P = "addConvolutionNd" {
            (a: P, b: i32, c: Dims32, d: Weights, e: Weights) -> P; "RNS_7ITensorEiNS_6Dims32ENS_7WeightsES5_" [0 42, 3 !]
            (a: P, b: i64, c: *const Dims64, d: Weights, e: Weights) -> P; "RNS_7ITensorElRKNS_6Dims64ENS_7WeightsES7_" [3 37, 21 35]
        }
        add_cumulative(a: P, b: P, c: i32, d: bool, e: bool) -> P = "addCumulative" {
            (a: P, b: P, c: i32, d: bool, e: bool) -> P; "RNS_7ITensorES3_NS_19CumulativeOperationEbb" [10 63, 11 78, 18 75, 21 74, 23 73]
        }
        add_deconvolution(a: P, b: i32, c: &Dims, d: Weights, e: Weights) -> P = "addDeconvolution" {
            (a: P, b: i32, c: Dims32, d: Weights, e: Weights) -> P; "RNS_7ITensorEiNS_6DimsHWENS_7WeightsES5_" [0 12, 3 !]
        }
        add_deconvolution_nd(a: P, b: i64, c: &Dims, d: Weights, e: Weights) -> P = "addDeconvolutionNd" {
            (a: P, b: i32, c: Dims32, d: Weights, e: Weights) -> P; "RNS_7ITensorEiNS_6Dims32ENS_7WeightsES5_" [0 44, 3 !]
            (a: P, b: i64, c: *const Dims64, d: Weights, e: Weights) -> P; "RNS_7ITensorElRKNS_6Dims64ENS_7WeightsES7_" [3 39, 21 37]
        }
        add_dequantize(a: P, b: P) -> P = "addDequantize" { (a: P, b: P) -> P; "RNS_7ITensorES3_" [0 55, 3 49, 18 !] }
        add_dequantize_v2(a: P, b: P, c: i32) -> P = "addDequantizeV2" {
            (a: P, b: P, c: i32) -> P; "RNS_7ITensorES3_NS_8DataTypeE" [3 67, 10 68, 11 67, 18 64, 21 63, 23 62]
        }
        add_dist_collective(a: P, b: i32, c: i32, d: i64, e: *mut i64, f: i64) -> P = "addDistCollective" {
            (a: P, b: i32, c: i32, d: i64, e: *mut i64, f: i64) -> P; "RNS_7ITensorENS_19CollectiveOperationENS_15ReduceOperationElPll" [17 90, 18 87, 21 !, 22 86, 23 85]
        }
        add_dynamic_quantize(a: P, b: i32, c: i32, d: i32, e: i32) -> P = "addDynamicQuantize" {
            (a: P, b: i32, c: i32, d: i32, e: i32) -> P; "RNS_7ITensorEiiNS_8DataTypeES4_" [10 78, 11 77, 18 74, 21 73, 23 72]
        }
        add_dynamic_quantize_v2(a: P, b: &Dims, c: i32, d: i32) -> P = "addDynamicQuantizeV2" {
            (a: P, b: *const Dims64, c: i32, d: i32) -> P; "RNS_7ITensorERKNS_6Dims64ENS_8DataTypeES7_" [16 86, 18 83, 21 82, 23 81]
        }
        add_einsum(a: *const P, b: i32, c: S) -> P = "addEinsum" {
            (a: *const P, b: i32, c: S) -> P; "PKPNS_7ITensorEiPKc" [0 60, 3 54, 18 51, 21 50, 23 49]
        }
        add_element_wise(a: P, b: P, c: i32) -> P = "addElementWise" {
            (a: P, b: P, c: i32) -> P; "RNS_7ITensorES3_NS_20ElementWiseOperationE" [0 13, 3 9]
        }
        add_fill(a: &Dims, b: i32) -> P = "addFill" {
            (a: Dims32, b: i32) -> P; "NS_6Dims32ENS_13FillOperationE" [0 50, 3 !]
            (a: *const Dims64, b: i32) -> P; "RKNS_6Dims64ENS_13FillOperationE" [3 44, 18 !, 21 42, 23 !]
        }
        add_fill_v2(a: &Dims, b: i32, c: i32) -> P = "addFillV2" {
            (a: *const Dims64, b: i32, c: i32) -> P; "RKNS_6Dims64ENS_13FillOperationENS_8DataTypeE" [3 68, 10 69, 11 68, 18 65, 21 64, 23 63]
        }
        add_fully_connected(a: P, b: i32, c: Weights, d: Weights) -> P = "addFullyConnected" {
            (a: P, b: i32, c: Weights, d: Weights) -> P; "RNS_7ITensorEiNS_7WeightsES4_" [0 5, 3 !]
        }
        add_gather(a: P, b: P, c: i32) -> P = "addGather" { (a: P, b: P, c: i32) -> P; "RNS_7ITensorES3_i" [0 25, 3 20] }
        add_gather_v2(a: P, b: P, c: i32) -> P = "addGatherV2" {
            (a: P, b: P, c: i32) -> P; "RNS_7ITensorES3_NS_10GatherModeE" [0 57, 3 51, 18 48, 21 47, 23 46]
        }
        add_grid_sample(a: P, b: P) -> P = "addGridSample" { (a: P, b: P) -> P; "RNS_7ITensorES3_" [0 64, 3 58, 18 55, 21 54, 23 53] }
        add_identity(a: P) -> P = "addIdentity" { (a: P) -> P; "RNS_7ITensorE" [0 30, 3 24] }
        add_if_conditional() -> P = "addIfConditional" { () -> P; "v" [0 58, 3 52, 18 49, 21 48, 23 47] }
        add_input(a: S, b: i32, c: &Dims) -> P = "addInput" {
            (a: S, b: i32, c: Dims32) -> P; "PKcNS_8DataTypeENS_6Dims32E" [0 2, 3 !]
            (a: S, b: i32, c: *const Dims64) -> P; "PKcNS_8DataTypeERKNS_6Dims64E" [3 2]
        }
        add_kvcache_update(a: P, b: P, c: P, d: i32) -> P = "addKVCacheUpdate" {
            (a: P, b: P, c: P, d: i32) -> P; "RNS_7ITensorES3_S3_NS_11KVCacheModeE" [16 87, 18 84, 21 83, 23 82]
        }
        add_lrn(a: P, b: i64, c: f32, d: f32, e: f32) -> P = "addLRN" {
            (a: P, b: i32, c: f32, d: f32, e: f32) -> P; "RNS_7ITensorEifff" [0 8, 3 !]
            (a: P, b: i64, c: f32, d: f32, e: f32) -> P; "RNS_7ITensorElfff" [3 5]
        }
        add_loop() -> P = "addLoop" { () -> P; "v" [0 48, 3 42, 21 40] }
        add_matrix_multiply(a: P, b: i32, c: P, d: i32) -> P = "addMatrixMultiply" {
            (a: P, b: i32, c: P, d: i32) -> P; "RNS_7ITensorENS_15MatrixOperationES3_S4_" [0 27, 3 22]
        }
        add_moe(a: P, b: P, c: P) -> P = "addMoE" { (a: P, b: P, c: P) -> P; "RNS_7ITensorES3_S3_" [17 89, 18 86, 21 !, 22 85, 23 84] }
        add_nms(a: P, b: P, c: P) -> P = "addNMS" { (a: P, b: P, c: P) -> P; "RNS_7ITensorES3_S3_" [0 65, 3 59, 18 56, 21 55, 23 54] }
        add_nmsv2(a: P, b: P, c: P, d: i32) -> P = "addNMSV2" {
            (a: P, b: P, c: P, d: i32) -> P; "RNS_7ITensorES3_S3_NS_8DataTypeE" [15 83, 18 80, 21 79, 23 78]
        }
        add_non_zero(a: P) -> P = "addNonZero" { (a: P) -> P; "RNS_7ITensorE" [0 63, 3 57, 18 54, 21 53, 23 52] }
        add_non_zero_v2(a: P, b: i32) -> P = "addNonZeroV2" {
            (a: P, b: i32) -> P; "RNS_7ITensorENS_8DataTypeE" [15 82, 18 79, 21 78, 23 77]
        }
        add_normalization(a: P, b: P, c: P, d: u32) -> P = "addNormalization" {
            (a: P, b: P, c: P, d: u32) -> P; "RNS_7ITensorES3_S3_j" [1 67, 3 61, 18 58, 21 57, 23 56]
        }
        add_normalization_v2(a: P, b: P, c: P, d: u32) -> P = "addNormalizationV2" {
            (a: P, b: P, c: P, d: u32) -> P; "RNS_7ITensorES3_S3_j" [16 88, 18 85, 21 84, 23 83]
        }
        add_one_hot(a: P, b: P, c: P, d: i32) -> P = "addOneHot" {
            (a: P, b: P, c: P, d: i32) -> P; "RNS_7ITensorES3_S3_i" [0 62, 3 56, 18 53, 21 52, 23 51]
        }
        add_padding(a: P, b: &Dims, c: &Dims) -> P = "addPadding" {
            (a: P, b: Dims32, c: Dims32) -> P; "RNS_7ITensorENS_6DimsHWES4_" [0 15, 3 !]
        }
        add_padding_nd(a: P, b: &Dims, c: &Dims) -> P = "addPaddingNd" {
            (a: P, b: Dims32, c: Dims32) -> P; "RNS_7ITensorENS_6Dims32ES4_" [0 51, 3 !]
            (a: P, b: *const Dims64, c: *const Dims64) -> P; "RNS_7ITensorERKNS_6Dims64ES6_" [3 45, 18 44, 21 43, 23 42]
        }
        add_parametric_relu(a: P, b: P) -> P = "addParametricReLU" { (a: P, b: P) -> P; "RNS_7ITensorES3_" [0 41, 3 36, 21 34] }
        add_plugin_v2(a: *const P, b: i32, c: P) -> P = "addPluginV2" {
            (a: *const P, b: i32, c: P) -> P; "PKPNS_7ITensorEiRNS_9IPluginV2E" [0 33, 3 27, 21 !]
        }
        add_plugin_v3(a: *const P, b: i32, c: *const P, d: i32, e: P) -> P = "addPluginV3" {
            (a: *const P, b: i32, c: *const P, d: i32, e: P) -> P; "PKPNS_7ITensorEiS5_iRNS_5v_1_09IPluginV3E" [3 28, 21 !]
        }
        add_pooling(a: P, b: i32, c: &Dims) -> P = "addPooling" {
            (a: P, b: i32, c: Dims32) -> P; "RNS_7ITensorENS_11PoolingTypeENS_6DimsHWE" [0 7, 3 !]
        }
        add_pooling_nd(a: P, b: i32, c: &Dims) -> P = "addPoolingNd" {
            (a: P, b: i32, c: Dims32) -> P; "RNS_7ITensorENS_11PoolingTypeENS_6Dims32E" [0 43, 3 !]
            (a: P, b: i32, c: *const Dims64) -> P; "RNS_7ITensorENS_11PoolingTypeERKNS_6Dims64E" [3 38, 21 36]
        }
        add_quantize(a: P, b: P) -> P = "addQuantize" { (a: P, b: P) -> P; "RNS_7ITensorES3_" [0 56, 3 50, 18 !] }
        add_quantize_v2(a: P, b: P, c: i32) -> P = "addQuantizeV2" {
            (a: P, b: P, c: i32) -> P; "RNS_7ITensorES3_NS_8DataTypeE" [3 66, 10 67, 11 66, 18 63, 21 62, 23 61]
        }
        add_rnnv2(a: P, b: i32, c: i32, d: i32, e: i32) -> P = "addRNNv2" {
            (a: P, b: i32, c: i32, d: i32, e: i32) -> P; "RNS_7ITensorEiiiNS_12RNNOperationE" [0 29, 3 !]
        }
        add_ragged_soft_max(a: P, b: P) -> P = "addRaggedSoftMax" { (a: P, b: P) -> P; "RNS_7ITensorES3_" [0 26, 3 21] }
        add_reduce(a: P, b: i32, c: u32, d: bool) -> P = "addReduce" {
            (a: P, b: i32, c: u32, d: bool) -> P; "RNS_7ITensorENS_15ReduceOperationEjb" [0 23, 3 18]
        }
        add_resize(a: P) -> P = "addResize" { (a: P) -> P; "RNS_7ITensorE" [0 46, 3 41, 21 39] }
        add_reverse_sequence(a: P, b: P) -> P = "addReverseSequence" {
            (a: P, b: P) -> P; "RNS_7ITensorES3_" [1 66, 3 60, 18 57, 21 56, 23 55]
        }
        add_rotary_embedding(a: P, b: P, c: P, d: bool, e: i32) -> P = "addRotaryEmbedding" {
            (a: P, b: P, c: P, d: bool, e: i32) -> P; "RNS_7ITensorES3_S3_bi" [16 85, 18 82, 21 81, 23 80]
        }
        add_scale(a: P, b: i32, c: Weights, d: Weights, e: Weights) -> P = "addScale" {
            (a: P, b: i32, c: Weights, d: Weights, e: Weights) -> P; "RNS_7ITensorENS_9ScaleModeENS_7WeightsES5_S5_" [0 9, 3 6]
        }
        add_scale_nd(a: P, b: i32, c: Weights, d: Weights, e: Weights, f: i32) -> P = "addScaleNd" {
            (a: P, b: i32, c: Weights, d: Weights, e: Weights, f: i32) -> P; "RNS_7ITensorENS_9ScaleModeENS_7WeightsES5_S5_i" [0 45, 3 40, 21 38]
        }
        add_scatter(a: P, b: P, c: P, d: i32) -> P = "addScatter" {
            (a: P, b: P, c: P, d: i32) -> P; "RNS_7ITensorES3_S3_NS_11ScatterModeE" [0 59, 3 53, 18 50, 21 49, 23 48]
        }
        add_select(a: P, b: P, c: P) -> P = "addSelect" { (a: P, b: P, c: P) -> P; "RNS_7ITensorES3_S3_" [0 49, 3 43, 21 41] }
        add_shape(a: P) -> P = "addShape" { (a: P) -> P; "RNS_7ITensorE" [0 37, 3 32, 21 30] }
        add_shuffle(a: P) -> P = "addShuffle" { (a: P) -> P; "RNS_7ITensorE" [0 16, 3 11] }
        add_slice(a: P, b: &Dims, c: &Dims, d: &Dims) -> P = "addSlice" {
            (a: P, b: Dims32, c: Dims32, d: Dims32) -> P; "RNS_7ITensorENS_6Dims32ES4_S4_" [0 34, 3 !]
            (a: P, b: *const Dims64, c: *const Dims64, d: *const Dims64) -> P; "RNS_7ITensorERKNS_6Dims64ES6_S6_" [3 29, 21 27]
        }
        add_soft_max(a: P) -> P = "addSoftMax" { (a: P) -> P; "RNS_7ITensorE" [0 10, 3 7] }
        add_squeeze(a: P, b: P) -> P = "addSqueeze" { (a: P, b: P) -> P; "RNS_7ITensorES3_" [9 75, 10 76, 11 75, 18 72, 21 71, 23 70] }
        add_squeeze_v2(a: P, b: P) -> P = "addSqueezeV2" { (a: P, b: P) -> P; "RNS_7ITensorEPS2_" [20 89, 21 !, 25 87] }
        add_top_k(a: P, b: i32, c: i32, d: u32) -> P = "addTopK" {
            (a: P, b: i32, c: i32, d: u32) -> P; "RNS_7ITensorENS_13TopKOperationEij" [0 24, 3 19]
        }
        add_top_kv2(a: P, b: i32, c: i32, d: u32, e: i32) -> P = "addTopKV2" {
            (a: P, b: i32, c: i32, d: u32, e: i32) -> P; "RNS_7ITensorENS_13TopKOperationEijNS_8DataTypeE" [15 81, 18 78, 21 77, 23 76]
        }
        add_unary(a: P, b: i32) -> P = "addUnary" { (a: P, b: i32) -> P; "RNS_7ITensorENS_14UnaryOperationE" [0 14, 3 10] }
        add_unsqueeze(a: P, b: P) -> P = "addUnsqueeze" { (a: P, b: P) -> P; "RNS_7ITensorES3_" [9 76, 10 77, 11 76, 18 73, 21 72, 23 71] }
        are_weights_marked_refittable(a: S) -> bool = "areWeightsMarkedRefittable" {
            (a: S) -> bool; "KPKc" [5 74, 10 75, 11 74, 18 71, 21 70, 23 69]
        }
        get_builder() -> P = "getBuilder" { () -> P; "Kv" [1 69, 3 63, 10 64, 11 63, 18 60, 21 59, 23 58] }
        get_error_recorder() -> P = "getErrorRecorder" { () -> P; "Kv" [0 54, 3 48, 18 47, 21 46, 23 45] }
        get_flag(a: i32) -> bool = "getFlag" {
            (a: i32) -> bool; "KNS_29NetworkDefinitionCreationFlagE" [3 65, 10 66, 11 65, 18 62, 21 61, 23 60]
        }
        get_flags() -> u32 = "getFlags" { () -> u32; "Kv" [3 64, 10 65, 11 64, 18 61, 21 60, 23 59] }
        get_input(a: i32) -> P = "getInput" { (a: i32) -> P; "Ki" [0 20, 3 15] }
        get_layer(a: i32) -> P = "getLayer" { (a: i32) -> P; "Ki" [0 18, 3 13] }
        get_name() -> S = "getName" { () -> S; "Kv" [0 36, 3 31, 21 29] }
        get_nb_inputs() -> i32 = "getNbInputs" { () -> i32; "Kv" [0 19, 3 14] }
        get_nb_layers() -> i32 = "getNbLayers" { () -> i32; "Kv" [0 17, 3 12] }
        get_nb_outputs() -> i32 = "getNbOutputs" { () -> i32; "Kv" [0 21, 3 16] }
        get_output(a: i32) -> P = "getOutput" { (a: i32) -> P; "Ki" [0 22, 3 17] }
        has_explicit_precision() -> bool = "hasExplicitPrecision" { () -> bool; "Kv" [0 47, 3 !] }
        has_implicit_batch_dimension() -> bool = "hasImplicitBatchDimension" { () -> bool; "Kv" [0 38, 3 33, 21 31] }
        is_debug_tensor(a: P) -> bool = "isDebugTensor" { (a: P) -> bool; "KRKNS_7ITensorE" [3 71, 10 72, 11 71, 18 68, 21 67, 23 66] }
        mark_debug(a: P) -> bool = "markDebug" { (a: P) -> bool; "RNS_7ITensorE" [3 69, 10 70, 11 69, 18 66, 21 65, 23 64] }
        mark_output(a: P) -> () = "markOutput" { (a: P) -> (); "RNS_7ITensorE" [0 3] }
        mark_output_for_shapes(a: P) -> bool = "markOutputForShapes" { (a: P) -> bool; "RNS_7ITensorE" [0 39, 3 34, 21 32] }
        mark_unfused_tensors_as_debug_tensors() -> bool = "markUnfusedTensorsAsDebugTensors" {
            () -> bool; "v" [13 79, 18 76, 21 75, 23 74]
        }
        mark_weights_refittable(a: S) -> bool = "markWeightsRefittable" { (a: S) -> bool; "PKc" [5 72, 10 73, 11 72, 18 69, 21 68, 23 67] }
        remove_tensor(a: P) -> () = "removeTensor" { (a: P) -> (); "RNS_7ITensorE" [0 31, 3 25] }
        set_error_recorder(a: P) -> () = "setErrorRecorder" {
            (a: P) -> (); "PNS_14IErrorRecorderE|PNS_5v_1_014IErrorRecorderE" [0 53, 3 47, 18 46, 21 45, 23 44]
        }
        set_name(a: S) -> () = "setName" { (a: S) -> (); "PKc" [0 35, 3 30, 21 28] }
        set_weights_name(a: Weights, b: S) -> bool = "setWeightsName" {
            (a: Weights, b: S) -> bool; "NS_7WeightsEPKc" [0 52, 3 46, 18 45, 21 44, 23 43]
        }
        unmark_debug(a: P) -> bool = "unmarkDebug" { (a: P) -> bool; "RNS_7ITensorE" [3 70, 10 71, 11 70, 18 67, 21 66, 23 65] }
        unmark_output(a: P) -> () = "unmarkOutput" { (a: P) -> (); "RNS_7ITensorE" [0 32, 3 26] }
        unmark_output_for_shapes(a: P) -> bool = "unmarkOutputForShapes" { (a: P) -> bool; "RNS_7ITensorE" [0 40, 3 35, 21 33] }
        unmark_unfused_tensors_as_debug_tensors() -> bool = "unmarkUnfusedTensorsAsDebugTensors" {
            () -> bool; "v" [13 80, 18 77, 21 76, 23 75]
        }
        unmark_weights_refittable(a: S) -> bool = "unmarkWeightsRefittable" {
            (a: S) -> bool; "PKc" [5 73, 10 74, 11 73, 18 70, 21 69, 23 68]
        }
    }
    INonZeroLayer non_zero_layer [0 16] {
        get_indices_type() -> i32 = "getIndicesType" { () -> i32; "Kv" [15 3] }
        set_indices_type(a: i32) -> bool = "setIndicesType" { (a: i32) -> bool; "NS_8DataTypeE" [15 2] }
    }
    INormalizationLayer normalization_layer [1 16] {
        get_axes() -> u32 = "getAxes" { () -> u32; "Kv" [1 5] }
        get_compute_precision() -> i32 = "getComputePrecision" { () -> i32; "Kv" [1 9, 18 !, 21 9, 23 !] }
        get_epsilon() -> f32 = "getEpsilon" { () -> f32; "Kv" [1 3] }
        get_nb_groups() -> i64 = "getNbGroups" { () -> i32; "Kv" [1 7, 3 !] () -> i64; "Kv" [3 7] }
        is_v2() -> bool = "isV2" { () -> bool; "Kv" [16 10, 18 8, 21 10, 23 8] }
        set_axes(a: u32) -> () = "setAxes" { (a: u32) -> (); "j" [1 4] }
        set_compute_precision(a: i32) -> () = "setComputePrecision" { (a: i32) -> (); "NS_8DataTypeE" [1 8, 18 !, 21 8, 23 !] }
        set_epsilon(a: f32) -> () = "setEpsilon" { (a: f32) -> (); "f" [1 2] }
        set_nb_groups(a: i64) -> () = "setNbGroups" { (a: i32) -> (); "i" [1 6, 3 !] (a: i64) -> (); "l" [3 6] }
    }
    IOneHotLayer one_hot_layer [0 16] {
        get_axis() -> i32 = "getAxis" { () -> i32; "Kv" [0 2] }
        set_axis(a: i32) -> () = "setAxis" { (a: i32) -> (); "i" [0 3] }
    }
    IOptimizationProfile optimization_profile [0 8] {
        get_dimensions(a: S, b: i32) -> Dims = "getDimensions" {
            (a: S, b: i32) -> Dims32; "KPKcNS_18OptProfileSelectorE" [0 3, 3 !]
            (a: S, b: i32) -> Dims64; "KPKcNS_18OptProfileSelectorE" [3 3]
        }
        get_extra_memory_target() -> f32 = "getExtraMemoryTarget" { () -> f32; "Kv" [0 8, 18 6, 21 8, 23 6] }
        get_nb_shape_values(a: S) -> i32 = "getNbShapeValues" { (a: S) -> i32; "KPKc" [0 5, 18 4, 21 5, 23 4] }
        get_profile_stream() -> P = "getProfileStream" { () -> P; "Kv" [20 11, 21 !, 25 11] }
        get_shape_values(a: S, b: i32) -> *const i32 = "getShapeValues" {
            (a: S, b: i32) -> *const i32; "KPKcNS_18OptProfileSelectorE" [0 6, 18 !, 21 6, 23 !]
        }
        get_shape_values_v2(a: S, b: i32) -> *const i64 = "getShapeValuesV2" {
            (a: S, b: i32) -> *const i64; "KPKcNS_18OptProfileSelectorE" [12 11, 18 9, 21 11, 23 9]
        }
        is_valid() -> bool = "isValid" { () -> bool; "Kv" [0 9, 18 7, 21 9, 23 7] }
        set_dimensions(a: S, b: i32, c: &Dims) -> bool = "setDimensions" {
            (a: S, b: i32, c: Dims32) -> bool; "PKcNS_18OptProfileSelectorENS_6Dims32E" [0 2, 3 !]
            (a: S, b: i32, c: *const Dims64) -> bool; "PKcNS_18OptProfileSelectorERKNS_6Dims64E" [3 2]
        }
        set_extra_memory_target(a: f32) -> bool = "setExtraMemoryTarget" { (a: f32) -> bool; "f" [0 7, 18 5, 21 7, 23 5] }
        set_profile_stream(a: P) -> () = "setProfileStream" { (a: P) -> (); "P11CUstream_st" [20 10, 21 !, 25 10] }
        set_shape_values(a: S, b: i32, c: *const i32, d: i32) -> bool = "setShapeValues" {
            (a: S, b: i32, c: *const i32, d: i32) -> bool; "PKcNS_18OptProfileSelectorEPKii" [0 4, 18 !, 21 4, 23 !]
        }
        set_shape_values_v2(a: S, b: i32, c: *const i64, d: i32) -> bool = "setShapeValuesV2" {
            (a: S, b: i32, c: *const i64, d: i32) -> bool; "PKcNS_18OptProfileSelectorEPKli" [12 10, 18 8, 21 10, 23 8]
        }
    }
    IPaddingLayer padding_layer [0 16] {
        get_post_padding() -> Dims = "getPostPadding" { () -> Dims32; "Kv" [0 5, 3 !] }
        get_post_padding_nd() -> Dims = "getPostPaddingNd" { () -> Dims32; "Kv" [0 9, 3 !] () -> Dims64; "Kv" [3 5] }
        get_pre_padding() -> Dims = "getPrePadding" { () -> Dims32; "Kv" [0 3, 3 !] }
        get_pre_padding_nd() -> Dims = "getPrePaddingNd" { () -> Dims32; "Kv" [0 7, 3 !] () -> Dims64; "Kv" [3 3] }
        set_post_padding(a: &Dims) -> () = "setPostPadding" { (a: Dims32) -> (); "NS_6DimsHWE" [0 4, 3 !] }
        set_post_padding_nd(a: &Dims) -> () = "setPostPaddingNd" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 8, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 4]
        }
        set_pre_padding(a: &Dims) -> () = "setPrePadding" { (a: Dims32) -> (); "NS_6DimsHWE" [0 2, 3 !] }
        set_pre_padding_nd(a: &Dims) -> () = "setPrePaddingNd" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 6, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 2]
        }
    }
    IPluginV2Layer plugin_v2_layer [0 16] {
        get_plugin() -> P = "getPlugin" { () -> P; "v" [0 2] }
    }
    IPluginV3Layer plugin_v3_layer [3 16] {
        get_plugin() -> P = "getPlugin" { () -> P; "v" [3 2] }
    }
    IPoolingLayer pooling_layer [0 16] {
        get_average_count_excludes_padding() -> bool = "getAverageCountExcludesPadding" { () -> bool; "Kv" [0 13, 3 7] }
        get_blend_factor() -> f32 = "getBlendFactor" { () -> f32; "Kv" [0 11, 3 5] }
        get_padding() -> Dims = "getPadding" { () -> Dims32; "Kv" [0 9, 3 !] }
        get_padding_mode() -> i32 = "getPaddingMode" { () -> i32; "Kv" [0 19, 3 13] }
        get_padding_nd() -> Dims = "getPaddingNd" { () -> Dims32; "Kv" [0 25, 3 !] () -> Dims64; "Kv" [3 19] }
        get_pooling_type() -> i32 = "getPoolingType" { () -> i32; "Kv" [0 3] }
        get_post_padding() -> Dims = "getPostPadding" { () -> Dims32; "Kv" [0 17, 3 !] () -> Dims64; "Kv" [3 11] }
        get_pre_padding() -> Dims = "getPrePadding" { () -> Dims32; "Kv" [0 15, 3 !] () -> Dims64; "Kv" [3 9] }
        get_stride() -> Dims = "getStride" { () -> Dims32; "Kv" [0 7, 3 !] }
        get_stride_nd() -> Dims = "getStrideNd" { () -> Dims32; "Kv" [0 23, 3 !] () -> Dims64; "Kv" [3 17] }
        get_window_size() -> Dims = "getWindowSize" { () -> Dims32; "Kv" [0 5, 3 !] }
        get_window_size_nd() -> Dims = "getWindowSizeNd" { () -> Dims32; "Kv" [0 21, 3 !] () -> Dims64; "Kv" [3 15] }
        set_average_count_excludes_padding(a: bool) -> () = "setAverageCountExcludesPadding" { (a: bool) -> (); "b" [0 12, 3 6] }
        set_blend_factor(a: f32) -> () = "setBlendFactor" { (a: f32) -> (); "f" [0 10, 3 4] }
        set_padding(a: &Dims) -> () = "setPadding" { (a: Dims32) -> (); "NS_6DimsHWE" [0 8, 3 !] }
        set_padding_mode(a: i32) -> () = "setPaddingMode" { (a: i32) -> (); "NS_11PaddingModeE" [0 18, 3 12] }
        set_padding_nd(a: &Dims) -> () = "setPaddingNd" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 24, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 18]
        }
        set_pooling_type(a: i32) -> () = "setPoolingType" { (a: i32) -> (); "NS_11PoolingTypeE" [0 2] }
        set_post_padding(a: &Dims) -> () = "setPostPadding" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 16, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 10]
        }
        set_pre_padding(a: &Dims) -> () = "setPrePadding" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 14, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 8]
        }
        set_stride(a: &Dims) -> () = "setStride" { (a: Dims32) -> (); "NS_6DimsHWE" [0 6, 3 !] }
        set_stride_nd(a: &Dims) -> () = "setStrideNd" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 22, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 16]
        }
        set_window_size(a: &Dims) -> () = "setWindowSize" { (a: Dims32) -> (); "NS_6DimsHWE" [0 4, 3 !] }
        set_window_size_nd(a: &Dims) -> () = "setWindowSizeNd" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 20, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 14]
        }
    }
    IQuantizeLayer quantize_layer [0 16] {
        get_axis() -> i32 = "getAxis" { () -> i32; "Kv" [0 2] }
        get_block_shape() -> Dims = "getBlockShape" { () -> Dims64; "Kv" [16 6] }
        get_to_type() -> i32 = "getToType" { () -> i32; "Kv" [3 4] }
        set_axis(a: i32) -> () = "setAxis" { (a: i32) -> (); "i" [0 3] }
        set_block_shape(a: &Dims) -> bool = "setBlockShape" { (a: *const Dims64) -> bool; "RKNS_6Dims64E" [16 7] }
        set_to_type(a: i32) -> () = "setToType" { (a: i32) -> (); "NS_8DataTypeE" [3 5] }
    }
    IRNNv2Layer rnnv2_layer [0 16, 3 !] {
        get_bias_for_gate(a: i32, b: i32, c: bool) -> Weights = "getBiasForGate" {
            (a: i32, b: i32, c: bool) -> Weights; "KiNS_11RNNGateTypeEb" [0 17, 3 !]
        }
        get_cell_state() -> P = "getCellState" { () -> P; "Kv" [0 21, 3 !] }
        get_data_length() -> i32 = "getDataLength" { () -> i32; "Kv" [0 5, 3 !] }
        get_direction() -> i32 = "getDirection" { () -> i32; "Kv" [0 13, 3 !] }
        get_hidden_size() -> i32 = "getHiddenSize" { () -> i32; "Kv" [0 3, 3 !] }
        get_hidden_state() -> P = "getHiddenState" { () -> P; "Kv" [0 19, 3 !] }
        get_input_mode() -> i32 = "getInputMode" { () -> i32; "Kv" [0 11, 3 !] }
        get_layer_count() -> i32 = "getLayerCount" { () -> i32; "Kv" [0 2, 3 !] }
        get_max_seq_length() -> i32 = "getMaxSeqLength" { () -> i32; "Kv" [0 4, 3 !] }
        get_operation() -> i32 = "getOperation" { () -> i32; "Kv" [0 9, 3 !] }
        get_sequence_lengths() -> P = "getSequenceLengths" { () -> P; "Kv" [0 7, 3 !] }
        get_weights_for_gate(a: i32, b: i32, c: bool) -> Weights = "getWeightsForGate" {
            (a: i32, b: i32, c: bool) -> Weights; "KiNS_11RNNGateTypeEb" [0 15, 3 !]
        }
        set_bias_for_gate(a: i32, b: i32, c: bool, d: Weights) -> () = "setBiasForGate" {
            (a: i32, b: i32, c: bool, d: Weights) -> (); "iNS_11RNNGateTypeEbNS_7WeightsE" [0 16, 3 !]
        }
        set_cell_state(a: P) -> () = "setCellState" { (a: P) -> (); "RNS_7ITensorE" [0 20, 3 !] }
        set_direction(a: i32) -> () = "setDirection" { (a: i32) -> (); "NS_12RNNDirectionE" [0 12, 3 !] }
        set_hidden_state(a: P) -> () = "setHiddenState" { (a: P) -> (); "RNS_7ITensorE" [0 18, 3 !] }
        set_input_mode(a: i32) -> () = "setInputMode" { (a: i32) -> (); "NS_12RNNInputModeE" [0 10, 3 !] }
        set_operation(a: i32) -> () = "setOperation" { (a: i32) -> (); "NS_12RNNOperationE" [0 8, 3 !] }
        set_sequence_lengths(a: P) -> () = "setSequenceLengths" { (a: P) -> (); "RNS_7ITensorE" [0 6, 3 !] }
        set_weights_for_gate(a: i32, b: i32, c: bool, d: Weights) -> () = "setWeightsForGate" {
            (a: i32, b: i32, c: bool, d: Weights) -> (); "iNS_11RNNGateTypeEbNS_7WeightsE" [0 14, 3 !]
        }
    }
    IReduceLayer reduce_layer [0 16] {
        get_keep_dimensions() -> bool = "getKeepDimensions" { () -> bool; "Kv" [0 7] }
        get_operation() -> i32 = "getOperation" { () -> i32; "Kv" [0 3] }
        get_reduce_axes() -> u32 = "getReduceAxes" { () -> u32; "Kv" [0 5] }
        set_keep_dimensions(a: bool) -> () = "setKeepDimensions" { (a: bool) -> (); "b" [0 6] }
        set_operation(a: i32) -> () = "setOperation" { (a: i32) -> (); "NS_15ReduceOperationE" [0 2] }
        set_reduce_axes(a: u32) -> () = "setReduceAxes" { (a: u32) -> (); "j" [0 4] }
    }
    IRefitter refitter [0 8] {
        get_all(a: i32, b: *mut S, c: *mut i32) -> i32 = "getAll" {
            (a: i32, b: *mut S, c: *mut i32) -> i32; "iPPKcPNS_11WeightsRoleE" [0 5, 3 6]
        }
        get_all_weights(a: i32, b: *mut S) -> i32 = "getAllWeights" {
            (a: i32, b: *mut S) -> i32; "iPPKc" [0 14, 3 15, 18 11, 21 15, 23 11]
        }
        get_dynamic_range_max(a: S) -> f32 = "getDynamicRangeMax" { (a: S) -> f32; "KPKc" [0 8, 3 9, 18 !, 21 9, 23 !] }
        get_dynamic_range_min(a: S) -> f32 = "getDynamicRangeMin" { (a: S) -> f32; "KPKc" [0 7, 3 8, 18 !, 21 8, 23 !] }
        get_error_recorder() -> P = "getErrorRecorder" { () -> P; "Kv" [0 11, 3 12, 18 8, 21 12, 23 8] }
        get_logger() -> P = "getLogger" { () -> P; "Kv" [0 15, 3 16, 18 12, 21 16, 23 12] }
        get_max_threads() -> i32 = "getMaxThreads" { () -> i32; "Kv" [0 17, 3 18, 18 14, 21 18, 23 14] }
        get_missing(a: i32, b: *mut S, c: *mut i32) -> i32 = "getMissing" {
            (a: i32, b: *mut S, c: *mut i32) -> i32; "iPPKcPNS_11WeightsRoleE" [0 4, 3 5]
        }
        get_missing_weights(a: i32, b: *mut S) -> i32 = "getMissingWeights" {
            (a: i32, b: *mut S) -> i32; "iPPKc" [0 13, 3 14, 18 10, 21 14, 23 10]
        }
        get_named_weights(a: S) -> Weights = "getNamedWeights" { (a: S) -> Weights; "KPKc" [3 20, 18 16, 21 20, 23 16] }
        get_p_impl() -> P = "getPImpl" { () -> P; "v" [3 2] }
        get_tensors_with_dynamic_range(a: i32, b: *mut S) -> i32 = "getTensorsWithDynamicRange" {
            (a: i32, b: *mut S) -> i32; "KiPPKc" [0 9, 3 10, 18 !, 21 10, 23 !]
        }
        get_weights_location(a: S) -> i32 = "getWeightsLocation" { (a: S) -> i32; "KPKc" [3 21, 18 17, 21 21, 23 17] }
        get_weights_prototype(a: S) -> Weights = "getWeightsPrototype" { (a: S) -> Weights; "KPKc" [3 26, 18 22, 21 26, 23 22] }
        get_weights_validation() -> bool = "getWeightsValidation" { () -> bool; "Kv" [3 24, 18 20, 21 24, 23 20] }
        refit_cuda_engine() -> bool = "refitCudaEngine" { () -> bool; "v" [0 3, 3 4] }
        refit_cuda_engine_async(a: P) -> bool = "refitCudaEngineAsync" { (a: P) -> bool; "P11CUstream_st" [3 25, 18 21, 21 25, 23 21] }
        release_refit_resources() -> bool = "releaseRefitResources" { () -> bool; "v" [20 23, 21 !, 25 23] }
        set_dynamic_range(a: S, b: f32, c: f32) -> bool = "setDynamicRange" {
            (a: S, b: f32, c: f32) -> bool; "PKcff" [0 6, 3 7, 18 !, 21 7, 23 !]
        }
        set_error_recorder(a: P) -> () = "setErrorRecorder" {
            (a: P) -> (); "PNS_14IErrorRecorderE|PNS_5v_1_014IErrorRecorderE" [0 10, 3 11, 18 7, 21 11, 23 7]
        }
        set_max_threads(a: i32) -> bool = "setMaxThreads" { (a: i32) -> bool; "i" [0 16, 3 17, 18 13, 21 17, 23 13] }
        set_named_weights(a: S, b: Weights) -> bool = "setNamedWeights" {
            (a: S, b: Weights) -> bool; "PKcNS_7WeightsE" [0 12, 3 13, 18 9, 21 13, 23 9]
        }
        set_named_weights_with_location(a: S, b: Weights, c: i32) -> bool = "setNamedWeightsWithLocation" {
            (a: S, b: Weights, c: i32) -> bool; "PKcNS_7WeightsENS_14TensorLocationE" [3 19, 18 15, 21 19, 23 15]
        }
        set_weights(a: S, b: i32, c: Weights) -> bool = "setWeights" {
            (a: S, b: i32, c: Weights) -> bool; "PKcNS_11WeightsRoleENS_7WeightsE" [0 2, 3 3]
        }
        set_weights_validation(a: bool) -> () = "setWeightsValidation" { (a: bool) -> (); "b" [3 23, 18 19, 21 23, 23 19] }
        unset_named_weights(a: S) -> bool = "unsetNamedWeights" { (a: S) -> bool; "PKc" [3 22, 18 18, 21 22, 23 18] }
    }
    IResizeLayer resize_layer [0 16] {
        get_align_corners() -> bool = "getAlignCorners" { () -> bool; "Kv" [0 9, 3 !] }
        get_coordinate_transformation() -> i32 = "getCoordinateTransformation" { () -> i32; "Kv" [0 11, 3 9] }
        get_cubic_coeff() -> f32 = "getCubicCoeff" { () -> f32; "Kv" [0 17, 3 15] }
        get_exclude_outside() -> bool = "getExcludeOutside" { () -> bool; "Kv" [0 19, 3 17] }
        get_nearest_rounding() -> i32 = "getNearestRounding" { () -> i32; "Kv" [0 15, 3 13] }
        get_output_dimensions() -> Dims = "getOutputDimensions" { () -> Dims32; "Kv" [0 3, 3 !] () -> Dims64; "Kv" [3 3] }
        get_resize_mode() -> i32 = "getResizeMode" { () -> i32; "Kv" [0 7] }
        get_scales(a: i32, b: *mut f32) -> i32 = "getScales" { (a: i32, b: *mut f32) -> i32; "KiPf" [0 5] }
        get_selector_for_single_pixel() -> i32 = "getSelectorForSinglePixel" { () -> i32; "Kv" [0 13, 3 11] }
        set_align_corners(a: bool) -> () = "setAlignCorners" { (a: bool) -> (); "b" [0 8, 3 !] }
        set_coordinate_transformation(a: i32) -> () = "setCoordinateTransformation" {
            (a: i32) -> (); "NS_30ResizeCoordinateTransformationE" [0 10, 3 8]
        }
        set_cubic_coeff(a: f32) -> () = "setCubicCoeff" { (a: f32) -> (); "f" [0 16, 3 14] }
        set_exclude_outside(a: bool) -> () = "setExcludeOutside" { (a: bool) -> (); "b" [0 18, 3 16] }
        set_nearest_rounding(a: i32) -> () = "setNearestRounding" { (a: i32) -> (); "NS_15ResizeRoundModeE" [0 14, 3 12] }
        set_output_dimensions(a: &Dims) -> () = "setOutputDimensions" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 2, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 2]
        }
        set_resize_mode(a: i32) -> () = "setResizeMode" { (a: i32) -> (); "NS_17InterpolationModeE" [0 6] }
        set_scales(a: *const f32, b: i32) -> () = "setScales" { (a: *const f32, b: i32) -> (); "PKfi" [0 4] }
        set_selector_for_single_pixel(a: i32) -> () = "setSelectorForSinglePixel" { (a: i32) -> (); "NS_14ResizeSelectorE" [0 12, 3 10] }
    }
    IReverseSequenceLayer reverse_sequence_layer [1 16] {
        get_batch_axis() -> i32 = "getBatchAxis" { () -> i32; "Kv" [1 3] }
        get_sequence_axis() -> i32 = "getSequenceAxis" { () -> i32; "Kv" [1 5] }
        set_batch_axis(a: i32) -> () = "setBatchAxis" { (a: i32) -> (); "i" [1 2] }
        set_sequence_axis(a: i32) -> () = "setSequenceAxis" { (a: i32) -> (); "i" [1 4] }
    }
    IRotaryEmbeddingLayer rotary_embedding_layer [16 16] {
        get_interleaved() -> bool = "getInterleaved" { () -> bool; "Kv" [16 3] }
        get_rotary_embedding_dim() -> i32 = "getRotaryEmbeddingDim" { () -> i32; "Kv" [16 5] }
        set_input(a: i32, b: P) -> () = "setInput" { (a: i32, b: P) -> (); "iRNS_7ITensorE" [16 6] }
        set_interleaved(a: bool) -> () = "setInterleaved" { (a: bool) -> (); "b" [16 2] }
        set_rotary_embedding_dim(a: i32) -> bool = "setRotaryEmbeddingDim" { (a: i32) -> bool; "i" [16 4] }
    }
    IRuntime runtime [0 8] {
        deserialize_cuda_engine(a: P, b: u64, c: P) -> P = "deserializeCudaEngine" {
            (a: P, b: u64, c: P) -> P; "PKvmPNS_14IPluginFactoryE" [0 2, 3 !]
        }
        deserialize_cuda_engine_of_2(a: P, b: u64) -> P = "deserializeCudaEngine" { (a: P, b: u64) -> P; "PKvm" [3 3] }
        deserialize_cuda_engine_of_1(a: P) -> P = "deserializeCudaEngine" {
            (a: P) -> P; "RNS_5v_1_013IStreamReaderE" [3 4, 18 !, 21 4, 23 !]
        }
        deserialize_cuda_engine_v2(a: P) -> P = "deserializeCudaEngineV2" {
            (a: P) -> P; "RNS_5v_1_015IStreamReaderV2E" [9 23, 18 22, 21 23, 23 22]
        }
        get_dla_core() -> i32 = "getDLACore" { () -> i32; "Kv" [0 4, 3 6, 18 5, 21 6, 23 5] }
        get_dla_workspace_allocation_strategy() -> i32 = "getDLAWorkspaceAllocationStrategy" { () -> i32; "Kv" [20 24, 21 !, 25 28] }
        get_deferred_weights_loading() -> bool = "getDeferredWeightsLoading" { () -> bool; "Kv" [24 26] }
        get_engine_header_size() -> i64 = "getEngineHeaderSize" { () -> i64; "Kv" [21 24, 23 23] }
        get_engine_host_code_allowed() -> bool = "getEngineHostCodeAllowed" { () -> bool; "Kv" [1 21, 3 22, 18 21, 21 22, 23 21] }
        get_engine_validity(a: P, b: i64, c: *mut u64) -> i32 = "getEngineValidity" {
            (a: P, b: i64, c: *mut u64) -> i32; "KPKvlPm" [21 25, 23 24]
        }
        get_error_recorder() -> P = "getErrorRecorder" { () -> P; "Kv" [0 8, 3 10, 18 9, 21 10, 23 9] }
        get_logger() -> P = "getLogger" { () -> P; "Kv" [0 9, 3 11, 18 10, 21 11, 23 10] }
        get_max_threads() -> i32 = "getMaxThreads" { () -> i32; "Kv" [0 11, 3 13, 18 12, 21 13, 23 12] }
        get_nb_dla_cores() -> i32 = "getNbDLACores" { () -> i32; "Kv" [0 5, 3 7, 18 6, 21 7, 23 6] }
        get_p_impl() -> P = "getPImpl" { () -> P; "v" [1 16, 3 2] }
        get_plugin_registry() -> P = "getPluginRegistry" { () -> P; "v" [1 17, 3 18, 18 17, 21 18, 23 17] }
        get_tempfile_control_flags() -> u32 = "getTempfileControlFlags" { () -> u32; "Kv" [1 15, 3 17, 18 16, 21 17, 23 16] }
        get_temporary_directory() -> S = "getTemporaryDirectory" { () -> S; "Kv" [1 13, 3 15, 18 14, 21 15, 23 14] }
        load_runtime(a: S) -> P = "loadRuntime" { (a: S) -> P; "PKc" [1 19, 3 20, 18 19, 21 20, 23 19] }
        set_dla_core(a: i32) -> () = "setDLACore" { (a: i32) -> (); "i" [0 3, 3 5, 18 4, 21 5, 23 4] }
        set_dla_workspace_allocation_strategy(a: i32) -> bool = "setDLAWorkspaceAllocationStrategy" {
            (a: i32) -> bool; "NS_30DLAWorkspaceAllocationStrategyE" [20 23, 21 !, 25 27]
        }
        set_deferred_weights_loading(a: bool) -> () = "setDeferredWeightsLoading" { (a: bool) -> (); "b" [24 25] }
        set_engine_host_code_allowed(a: bool) -> () = "setEngineHostCodeAllowed" { (a: bool) -> (); "b" [1 20, 3 21, 18 20, 21 21, 23 20] }
        set_error_recorder(a: P) -> () = "setErrorRecorder" {
            (a: P) -> (); "PNS_14IErrorRecorderE|PNS_5v_1_014IErrorRecorderE" [0 7, 3 9, 18 8, 21 9, 23 8]
        }
        set_gpu_allocator(a: P) -> () = "setGpuAllocator" {
            (a: P) -> (); "PNS_13IGpuAllocatorE|PNS_5v_1_013IGpuAllocatorE" [0 6, 3 8, 18 7, 21 8, 23 7]
        }
        set_max_threads(a: i32) -> bool = "setMaxThreads" { (a: i32) -> bool; "i" [0 10, 3 12, 18 11, 21 12, 23 11] }
        set_plugin_registry_parent(a: P) -> () = "setPluginRegistryParent" {
            (a: P) -> (); "PNS_15IPluginRegistryE" [1 18, 3 19, 18 18, 21 19, 23 18]
        }
        set_tempfile_control_flags(a: u32) -> () = "setTempfileControlFlags" { (a: u32) -> (); "j" [1 14, 3 16, 18 15, 21 16, 23 15] }
        set_temporary_directory(a: S) -> () = "setTemporaryDirectory" { (a: S) -> (); "PKc" [1 12, 3 14, 18 13, 21 14, 23 13] }
    }
    IRuntimeCache runtime_cache [21 8] {
        deserialize(a: P, b: u64) -> bool = "deserialize" { (a: P, b: u64) -> bool; "PKvm" [21 3] }
        reset() -> bool = "reset" { () -> bool; "v" [21 4] }
        serialize() -> P = "serialize" { () -> P; "Kv" [21 2] }
    }
    IRuntimeConfig runtime_config [12 8] {
        create_runtime_cache() -> P = "createRuntimeCache" { () -> P; "Kv" [21 5] }
        get_cuda_graph_strategy() -> i32 = "getCudaGraphStrategy" { () -> i32; "Kv" [21 11] }
        get_dynamic_shapes_kernel_specialization_strategy() -> i32 = "getDynamicShapesKernelSpecializationStrategy" {
            () -> i32; "Kv" [21 9]
        }
        get_execution_context_allocation_strategy() -> i32 = "getExecutionContextAllocationStrategy" { () -> i32; "Kv" [12 4] }
        get_p_impl() -> P = "getPImpl" { () -> P; "v" [12 2] }
        get_runtime_cache() -> P = "getRuntimeCache" { () -> P; "Kv" [21 7] }
        set_cuda_graph_strategy(a: i32) -> bool = "setCudaGraphStrategy" { (a: i32) -> bool; "NS_17CudaGraphStrategyE" [21 10] }
        set_dynamic_shapes_kernel_specialization_strategy(a: i32) -> () = "setDynamicShapesKernelSpecializationStrategy" {
            (a: i32) -> (); "NS_41DynamicShapesKernelSpecializationStrategyE" [21 8]
        }
        set_execution_context_allocation_strategy(a: i32) -> () = "setExecutionContextAllocationStrategy" {
            (a: i32) -> (); "NS_34ExecutionContextAllocationStrategyE" [12 3]
        }
        set_runtime_cache(a: P) -> bool = "setRuntimeCache" { (a: P) -> bool; "RKNS_13IRuntimeCacheE" [21 6] }
    }
    IScaleLayer scale_layer [0 16] {
        get_channel_axis() -> i32 = "getChannelAxis" { () -> i32; "Kv" [0 10] }
        get_mode() -> i32 = "getMode" { () -> i32; "Kv" [0 3] }
        get_power() -> Weights = "getPower" { () -> Weights; "Kv" [0 9] }
        get_scale() -> Weights = "getScale" { () -> Weights; "Kv" [0 7] }
        get_shift() -> Weights = "getShift" { () -> Weights; "Kv" [0 5] }
        set_channel_axis(a: i32) -> () = "setChannelAxis" { (a: i32) -> (); "i" [0 11] }
        set_mode(a: i32) -> () = "setMode" { (a: i32) -> (); "NS_9ScaleModeE" [0 2] }
        set_power(a: Weights) -> () = "setPower" { (a: Weights) -> (); "NS_7WeightsE" [0 8] }
        set_scale(a: Weights) -> () = "setScale" { (a: Weights) -> (); "NS_7WeightsE" [0 6] }
        set_shift(a: Weights) -> () = "setShift" { (a: Weights) -> (); "NS_7WeightsE" [0 4] }
    }
    IScatterLayer scatter_layer [0 16] {
        get_axis() -> i32 = "getAxis" { () -> i32; "Kv" [0 5] }
        get_mode() -> i32 = "getMode" { () -> i32; "Kv" [0 3] }
        set_axis(a: i32) -> () = "setAxis" { (a: i32) -> (); "i" [0 4] }
        set_mode(a: i32) -> () = "setMode" { (a: i32) -> (); "NS_11ScatterModeE" [0 2] }
    }
    ISerializationConfig serialization_config [3 8] {
        clear_flag(a: i32) -> bool = "clearFlag" { (a: i32) -> bool; "NS_17SerializationFlagE" [3 4] }
        get_flag(a: i32) -> bool = "getFlag" { (a: i32) -> bool; "KNS_17SerializationFlagE" [3 6] }
        get_flags() -> u32 = "getFlags" { () -> u32; "Kv" [3 3] }
        set_flag(a: i32) -> bool = "setFlag" { (a: i32) -> bool; "NS_17SerializationFlagE" [3 5] }
        set_flags(a: u32) -> bool = "setFlags" { (a: u32) -> bool; "j" [3 2] }
    }
    IShuffleLayer shuffle_layer [0 16] {
        get_first_transpose() -> *const Permutation = "getFirstTranspose" { () -> *const Permutation; "Kv" [0 3] }
        get_reshape_dimensions() -> Dims = "getReshapeDimensions" { () -> Dims32; "Kv" [0 5, 3 !] () -> Dims64; "Kv" [3 5] }
        get_second_transpose() -> *const Permutation = "getSecondTranspose" { () -> *const Permutation; "Kv" [0 7] }
        get_zero_is_placeholder() -> bool = "getZeroIsPlaceholder" { () -> bool; "Kv" [0 9] }
        set_first_transpose(a: *const Permutation) -> () = "setFirstTranspose" {
            (a: *const Permutation) -> (); "RKNS_11PermutationE" [0 2]
        }
        set_reshape_dimensions(a: &Dims) -> () = "setReshapeDimensions" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 4, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 4]
        }
        set_second_transpose(a: *const Permutation) -> () = "setSecondTranspose" {
            (a: *const Permutation) -> (); "RKNS_11PermutationE" [0 6]
        }
        set_zero_is_placeholder(a: bool) -> () = "setZeroIsPlaceholder" { (a: bool) -> (); "b" [0 8] }
    }
    ISliceLayer slice_layer [0 16] {
        get_axes() -> Dims = "getAxes" { () -> Dims64; "Kv" [6 11] }
        get_mode() -> i32 = "getMode" { () -> i32; "Kv" [0 9] }
        get_size() -> Dims = "getSize" { () -> Dims32; "Kv" [0 5, 3 !] () -> Dims64; "Kv" [3 5] }
        get_start() -> Dims = "getStart" { () -> Dims32; "Kv" [0 3, 3 !] () -> Dims64; "Kv" [3 3] }
        get_stride() -> Dims = "getStride" { () -> Dims32; "Kv" [0 7, 3 !] () -> Dims64; "Kv" [3 7] }
        set_axes(a: &Dims) -> () = "setAxes" { (a: *const Dims64) -> (); "RKNS_6Dims64E" [6 10] }
        set_mode(a: i32) -> () = "setMode" { (a: i32) -> (); "NS_10SampleModeE" [0 8] }
        set_size(a: &Dims) -> () = "setSize" { (a: Dims32) -> (); "NS_6Dims32E" [0 4, 3 !] (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 4] }
        set_start(a: &Dims) -> () = "setStart" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 2, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 2]
        }
        set_stride(a: &Dims) -> () = "setStride" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 6, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 6]
        }
    }
    ISoftMaxLayer soft_max_layer [0 16] {
        get_axes() -> u32 = "getAxes" { () -> u32; "Kv" [0 3] }
        set_axes(a: u32) -> () = "setAxes" { (a: u32) -> (); "j" [0 2] }
    }
    ITensor tensor [0 8] {
        dynamic_range_is_set() -> bool = "dynamicRangeIsSet" { () -> bool; "Kv" [0 15, 18 !] }
        get_allowed_formats() -> u32 = "getAllowedFormats" { () -> u32; "Kv" [0 20, 18 14, 21 11, 23 10] }
        get_broadcast_across_batch() -> bool = "getBroadcastAcrossBatch" { () -> bool; "Kv" [0 12, 18 10, 21 !] }
        get_dimension_name(a: i32) -> S = "getDimensionName" { (a: i32) -> S; "Ki" [0 24, 18 18, 21 15, 23 14] }
        get_dimensions() -> Dims = "getDimensions" { () -> Dims32; "Kv" [0 5, 3 !] () -> Dims64; "Kv" [3 5] }
        get_dynamic_range_max() -> f32 = "getDynamicRangeMax" { () -> f32; "Kv" [0 18, 18 !] }
        get_dynamic_range_min() -> f32 = "getDynamicRangeMin" { () -> f32; "Kv" [0 17, 18 !] }
        get_location() -> i32 = "getLocation" { () -> i32; "Kv" [0 13, 18 11, 21 !] }
        get_name() -> S = "getName" { () -> S; "Kv" [0 3] }
        get_type() -> i32 = "getType" { () -> i32; "Kv" [0 7, 18 6, 21 7, 23 6] }
        is_execution_tensor() -> bool = "isExecutionTensor" { () -> bool; "Kv" [0 22, 18 16, 21 13, 23 12] }
        is_network_input() -> bool = "isNetworkInput" { () -> bool; "Kv" [0 9, 18 7, 21 8, 23 7] }
        is_network_output() -> bool = "isNetworkOutput" { () -> bool; "Kv" [0 10, 18 8, 21 9, 23 8] }
        is_shape_tensor() -> bool = "isShapeTensor" { () -> bool; "Kv" [0 21, 18 15, 21 12, 23 11] }
        reset_dynamic_range() -> () = "resetDynamicRange" { () -> (); "v" [0 16, 18 !] }
        set_allowed_formats(a: u32) -> () = "setAllowedFormats" { (a: u32) -> (); "j" [0 19, 18 13, 21 10, 23 9] }
        set_broadcast_across_batch(a: bool) -> () = "setBroadcastAcrossBatch" { (a: bool) -> (); "b" [0 11, 18 9, 21 !] }
        set_dimension_name(a: i32, b: S) -> () = "setDimensionName" { (a: i32, b: S) -> (); "iPKc" [0 23, 18 17, 21 14, 23 13] }
        set_dimensions(a: &Dims) -> () = "setDimensions" {
            (a: Dims32) -> (); "NS_6Dims32E" [0 4, 3 !]
            (a: *const Dims64) -> (); "RKNS_6Dims64E" [3 4]
        }
        set_dynamic_range(a: f32, b: f32) -> bool = "setDynamicRange" { (a: f32, b: f32) -> bool; "ff" [0 8, 18 !] }
        set_location(a: i32) -> () = "setLocation" { (a: i32) -> (); "NS_14TensorLocationE" [0 14, 18 12, 21 !] }
        set_name(a: S) -> () = "setName" { (a: S) -> (); "PKc" [0 2] }
        set_type(a: i32) -> () = "setType" { (a: i32) -> (); "NS_8DataTypeE" [0 6, 18 !, 21 6, 23 !] }
    }
    ITimingCache timing_cache [0 8] {
        combine(a: P, b: bool) -> bool = "combine" { (a: P, b: bool) -> bool; "RKNS_12ITimingCacheEb" [0 3] }
        query_keys(a: P, b: i64) -> i64 = "queryKeys" { (a: P, b: i64) -> i64; "KPNS_5v_1_014TimingCacheKeyEl" [10 5] }
        reset() -> bool = "reset" { () -> bool; "v" [0 4] }
        serialize() -> P = "serialize" { () -> P; "Kv" [0 2] }
        update(a: P, b: P) -> bool = "update" { (a: P, b: P) -> bool; "RKNS_5v_1_014TimingCacheKeyERKNS2_16TimingCacheValueE" [10 7] }
    }
    ITopKLayer top_k_layer [0 16] {
        get_indices_type() -> i32 = "getIndicesType" { () -> i32; "Kv" [15 9] }
        get_k() -> i32 = "getK" { () -> i32; "Kv" [0 5] }
        get_operation() -> i32 = "getOperation" { () -> i32; "Kv" [0 3] }
        get_reduce_axes() -> u32 = "getReduceAxes" { () -> u32; "Kv" [0 7] }
        set_indices_type(a: i32) -> bool = "setIndicesType" { (a: i32) -> bool; "NS_8DataTypeE" [15 8] }
        set_k(a: i32) -> () = "setK" { (a: i32) -> (); "i" [0 4] }
        set_operation(a: i32) -> () = "setOperation" { (a: i32) -> (); "NS_13TopKOperationE" [0 2] }
        set_reduce_axes(a: u32) -> () = "setReduceAxes" { (a: u32) -> (); "j" [0 6] }
    }
    ITripLimitLayer trip_limit_layer [0 24] {
        get_trip_limit() -> i32 = "getTripLimit" { () -> i32; "Kv" [0 2] }
    }
    IUnaryLayer unary_layer [0 16] {
        get_operation() -> i32 = "getOperation" { () -> i32; "Kv" [0 3] }
        set_operation(a: i32) -> () = "setOperation" { (a: i32) -> (); "NS_14UnaryOperationE" [0 2] }
    }
    IWeightsManager weights_manager [25 8] {
        get_p_impl() -> P = "getPImpl" { () -> P; "v" [25 2] }
        get_size() -> i64 = "getSize" { () -> i64; "Kv" [25 3] }
        restore_from_buffer(a: P, b: i64, c: i32, d: P) -> bool = "restoreFromBuffer" {
            (a: P, b: i64, c: i32, d: P) -> bool; "PKvlNS_14TensorLocationEP11CUstream_st" [25 7]
        }
        restore_from_vmm_allocation(a: u64, b: i64, c: i64, d: P) -> bool = "restoreFromVmmAllocation" {
            (a: u64, b: i64, c: i64, d: P) -> bool; "mllP11CUstream_st" [25 8]
        }
        save_to_buffer(a: P, b: i64, c: i32, d: P) -> bool = "saveToBuffer" {
            (a: P, b: i64, c: i32, d: P) -> bool; "PvlNS_14TensorLocationEP11CUstream_st" [25 4]
        }
        save_to_stream(a: P, b: P) -> bool = "saveToStream" { (a: P, b: P) -> bool; "RNS_5v_1_013IStreamWriterEP11CUstream_st" [25 5] }
        unload(a: P) -> bool = "unload" { (a: P) -> bool; "P11CUstream_st" [25 6] }
    }
}
