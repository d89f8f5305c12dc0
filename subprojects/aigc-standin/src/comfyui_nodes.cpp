// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of node classes.
#include "comfyui_nodes.h"

#include <algorithm>
#include <cstdlib>
#include <map>

namespace standin {
namespace {

struct Row {
  const char* name;
  const char* outputs; // "" for a node that ends a graph
  // name:TYPE, name:TYPE:least:most, name:@list; with ? in front when optional.
  const char* inputs;
};

#define SIDES "width:INT:16:16384 height:INT:16:16384 "
#define FRAMES SIDES "length:INT:1:16384 batch_size:INT:1:4096 "
#define SEED ":INT:0:18446744073709551615 "
#define GUIDED "positive:CONDITIONING negative:CONDITIONING "

constexpr Row rows[] = {
    {"UNETLoader", "MODEL", "unet_name:@unets weight_dtype:@dtypes"},
    {"CheckpointLoaderSimple", "MODEL CLIP VAE", "ckpt_name:@checkpoints"},
    {"CLIPLoader", "CLIP", "clip_name:@clips type:@clip_types ?device:@devices"},
    {"VAELoader", "VAE", "vae_name:@vaes"},
    {"CLIPVisionLoader", "CLIP_VISION", "clip_name:@clip_visions"},
    {"LoraLoaderModelOnly", "MODEL", "model:MODEL lora_name:@loras strength_model:FLOAT:-100:100"},
    {"CLIPTextEncode", "CONDITIONING", "text:STRING clip:CLIP"},
    {"TextEncodeQwenImageEdit", "CONDITIONING", "clip:CLIP prompt:STRING ?vae:VAE ?image:IMAGE"},
    {"ConditioningZeroOut", "CONDITIONING", "conditioning:CONDITIONING"},
    {"CLIPVisionEncode", "CLIP_VISION_OUTPUT",
     "clip_vision:CLIP_VISION image:IMAGE crop:@vision_crops"},
    {"ModelSamplingSD3", "MODEL", "model:MODEL shift:FLOAT:0:100"},
    {"ModelSamplingAuraFlow", "MODEL", "model:MODEL shift:FLOAT:0:100"},
    {"CFGNorm", "MODEL", "model:MODEL strength:FLOAT:0:100"},
    {"EmptyLatentImage", "LATENT", SIDES "batch_size:INT:1:4096"},
    {"EmptySD3LatentImage", "LATENT", SIDES "batch_size:INT:1:4096"},
    {"EmptyHunyuanLatentVideo", "LATENT", FRAMES},
    {"Wan22ImageToVideoLatent", "LATENT", "vae:VAE " FRAMES "?start_image:IMAGE"},
    {"WanImageToVideo", "CONDITIONING CONDITIONING LATENT",
     GUIDED "vae:VAE " FRAMES "?clip_vision_output:CLIP_VISION_OUTPUT ?start_image:IMAGE"},
    {"WanFirstLastFrameToVideo", "CONDITIONING CONDITIONING LATENT",
     GUIDED "vae:VAE " FRAMES "?clip_vision_start_image:CLIP_VISION_OUTPUT "
            "?clip_vision_end_image:CLIP_VISION_OUTPUT ?start_image:IMAGE ?end_image:IMAGE"},
    {"KSampler", "LATENT",
     "model:MODEL seed" SEED "steps:INT:1:10000 cfg:FLOAT:0:100 sampler_name:@samplers "
     "scheduler:@schedulers " GUIDED "latent_image:LATENT denoise:FLOAT:0:1"},
    {"KSamplerAdvanced", "LATENT",
     "model:MODEL add_noise:@switch noise_seed" SEED
     "steps:INT:1:10000 cfg:FLOAT:0:100 sampler_name:@samplers scheduler:@schedulers " GUIDED
     "latent_image:LATENT start_at_step:INT:0:10000 end_at_step:INT:0:10000 "
     "return_with_leftover_noise:@switch"},
    {"RandomNoise", "NOISE", "noise_seed" SEED},
    {"KSamplerSelect", "SAMPLER", "sampler_name:@samplers"},
    {"BasicScheduler", "SIGMAS",
     "model:MODEL scheduler:@schedulers steps:INT:1:10000 denoise:FLOAT:0:1"},
    {"CFGGuider", "GUIDER", "model:MODEL " GUIDED "cfg:FLOAT:0:100"},
    {"SamplerCustomAdvanced", "LATENT LATENT",
     "noise:NOISE guider:GUIDER sampler:SAMPLER sigmas:SIGMAS latent_image:LATENT"},
    {"VAEDecode", "IMAGE", "samples:LATENT vae:VAE"},
    {"VAEDecodeTiled", "IMAGE",
     "samples:LATENT vae:VAE tile_size:INT:64:4096 overlap:INT:0:4096 "
     "temporal_size:INT:8:4096 temporal_overlap:INT:4:4096"},
    {"VAEEncode", "LATENT", "pixels:IMAGE vae:VAE"},
    {"LoadImage", "IMAGE MASK", "image:STRING"},
    {"ImageScale", "IMAGE",
     "image:IMAGE upscale_method:@upscales width:INT:0:16384 height:INT:0:16384 crop:@crops"},
    {"PrimitiveInt", "INT", "value:INT"},
    {"PrimitiveFloat", "FLOAT", "value:FLOAT"},
    {"PrimitiveString", "STRING", "value:STRING"},
    {"PrimitiveStringMultiline", "STRING", "value:STRING"},
    {"SaveImage", "", "images:IMAGE filename_prefix:STRING"},
    {"PreviewImage", "", "images:IMAGE"},
    {"CreateVideo", "VIDEO", "images:IMAGE fps:FLOAT:1:120 ?audio:AUDIO"},
    {"SaveVideo", "", "video:VIDEO filename_prefix:STRING format:@containers codec:@codecs"},
    {"SaveWEBM", "",
     "images:IMAGE filename_prefix:STRING codec:@webm_codecs fps:FLOAT:0.01:1000 crf:FLOAT:0:63"},
    {"SaveAnimatedWEBP", "",
     "images:IMAGE filename_prefix:STRING fps:FLOAT:0.01:1000 lossless:BOOLEAN "
     "quality:INT:0:100 method:@webp_methods"},
    {"VHS_VideoCombine", "",
     "images:IMAGE frame_rate:FLOAT:1:1000 loop_count:INT:0:100 filename_prefix:STRING "
     "format:@vhs_formats pingpong:BOOLEAN save_output:BOOLEAN ?audio:AUDIO ?vae:VAE"},
};

#undef SIDES
#undef FRAMES
#undef SEED
#undef GUIDED

struct List {
  const char* name;
  bool files; // of a folder of models
  const char* values;
};

constexpr List lists[] = {
    {"unets", true,
     "qwen_image_fp8_e4m3fn.safetensors qwen_image_bf16.safetensors "
     "qwen_image_edit_fp8_e4m3fn.safetensors "
     "wan2.2_i2v_high_noise_14B_fp8_scaled.safetensors "
     "wan2.2_i2v_low_noise_14B_fp8_scaled.safetensors "
     "wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors "
     "wan2.2_t2v_low_noise_14B_fp8_scaled.safetensors wan2.2_ti2v_5B_fp16.safetensors"},
    {"checkpoints", true, "qwen_image_all_in_one.safetensors"},
    {"clips", true,
     "qwen_2.5_vl_7b_fp8_scaled.safetensors qwen_2.5_vl_7b.safetensors "
     "umt5_xxl_fp8_e4m3fn_scaled.safetensors umt5_xxl_fp16.safetensors"},
    {"vaes", true, "qwen_image_vae.safetensors wan_2.1_vae.safetensors wan2.2_vae.safetensors"},
    {"clip_visions", true, "clip_vision_h.safetensors"},
    {"loras", true,
     "Qwen-Image-Lightning-8steps-V1.0.safetensors Qwen-Image-Lightning-4steps-V1.0.safetensors "
     "wan2.2_i2v_lightx2v_4steps_lora_v1_high_noise.safetensors "
     "wan2.2_i2v_lightx2v_4steps_lora_v1_low_noise.safetensors"},
    {"dtypes", false, "default fp8_e4m3fn fp8_e4m3fn_fast fp8_e5m2"},
    {"clip_types", false,
     "stable_diffusion stable_cascade sd3 stable_audio mochi ltxv pixart cosmos lumina2 wan "
     "hidream "
     "chroma ace omnigen2 qwen_image hunyuan_image"},
    {"devices", false, "default cpu"},
    {"vision_crops", false, "center none"},
    {"samplers", false,
     "euler euler_cfg_pp euler_ancestral heun heunpp2 dpm_2 lms dpmpp_2s_ancestral dpmpp_sde "
     "dpmpp_2m dpmpp_2m_sde dpmpp_3m_sde ddpm lcm deis res_multistep er_sde sa_solver ddim uni_pc "
     "uni_pc_bh2"},
    {"schedulers", false,
     "simple sgm_uniform karras exponential ddim_uniform beta normal linear_quadratic kl_optimal"},
    {"switch", false, "enable disable"},
    {"upscales", false, "nearest-exact bilinear area bicubic lanczos"},
    {"crops", false, "disabled center"},
    {"containers", false, "auto mp4"},
    {"codecs", false, "auto h264"},
    {"webm_codecs", false, "vp9 av1"},
    {"webp_methods", false, "default fastest slowest"},
    {"vhs_formats", false, "image/gif image/webp video/h264-mp4 video/h265-mp4 video/webm"},
};

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(at));
    if (!word.empty()) out.emplace_back(word);
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return out;
}

NodeInput read_input(std::string_view text) {
  NodeInput input;
  input.optional = text.starts_with("?");
  const std::vector<std::string> parts = split(text.substr(input.optional ? 1 : 0), ':');
  input.name = parts[0];
  input.type = parts[1];
  if (input.type[0] == '@') {
    input.list = input.type.substr(1);
    input.type = "COMBO";
  }
  if (parts.size() == 4) {
    input.limited = true;
    input.least = std::strtod(parts[2].c_str(), nullptr);
    input.most = std::strtod(parts[3].c_str(), nullptr);
  }
  return input;
}

Json type_info(const NodeInput& input, const Json& more) {
  if (input.type == "COMBO") {
    Json choices{Json::Array{}};
    for (const std::string& choice : node_choices(input.list, more))
      choices.push(choice);
    return Json::array({std::move(choices)});
  }
  Json out = Json::array({input.type});
  if (input.limited) out.push(Json::object({{"min", input.least}, {"max", input.most}}));
  return out;
}

} // namespace

bool NodeInput::is_value() const {
  return type == "INT" || type == "FLOAT" || type == "STRING" || type == "BOOLEAN" ||
         type == "COMBO";
}

const std::vector<NodeClass>& node_classes() {
  static const std::vector<NodeClass> all = [] {
    std::vector<NodeClass> out;
    for (const Row& row : rows) {
      NodeClass node{row.name, split(row.outputs, ' '), !*row.outputs, {}};
      for (const std::string& input : split(row.inputs, ' '))
        node.inputs.push_back(read_input(input));
      out.push_back(std::move(node));
    }
    return out;
  }();
  return all;
}

const NodeClass* find_node_class(std::string_view name) {
  for (const NodeClass& node : node_classes())
    if (node.name == name) return &node;
  return nullptr;
}

std::vector<std::string> node_choices(const std::string& list, const Json& more) {
  for (const List& known : lists) {
    if (list != known.name) continue;
    std::vector<std::string> out = split(known.values, ' ');
    if (known.files)
      for (const Json& name : more.items())
        out.push_back(name.text());
    return out;
  }
  return {};
}

Json node_info(const NodeClass& node, const Json& more) {
  Json required{Json::Object{}}, optional{Json::Object{}}, outputs{Json::Array{}};
  for (const NodeInput& input : node.inputs)
    (input.optional ? optional : required).set(input.name, type_info(input, more));
  for (const std::string& type : node.outputs)
    outputs.push(type);
  return Json::object({{"input", Json::object({{"required", std::move(required)},
                                               {"optional", std::move(optional)}})},
                       {"output", outputs},
                       {"output_name", outputs},
                       {"name", node.name},
                       {"display_name", node.name},
                       {"output_node", node.ends}});
}

} // namespace standin
