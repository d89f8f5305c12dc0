// SPDX-License-Identifier: LGPL-2.1-or-later
// See writer_phrases.h.
#include "service/preview/writer_phrases.h"

#include <span>

namespace aigc::preview {
namespace {

constexpr StylePhrases kStyles[] = {
    {"cinematic",
     {"画面以三分法构图，前景、中景与远景层次分明，青橙色调克制而饱满，织物与皮肤的质感细腻可触",
      "the frame follows the rule of thirds with clear foreground, middle ground and distance, "
      "restrained teal and orange tones, and tactile skin and fabric",
      "三分割の構図で前景・中景・遠景がはっきりと重なり、抑えたティール＆オレンジの色調に布や肌の質"
      "感が繊細に浮かぶ"},
     {"用 50mm 变形镜头拍摄，浅景深，带细微胶片颗粒",
      "shot on a 50mm anamorphic lens with shallow depth of field and fine film grain",
      "50mmアナモルフィックレンズ、浅い被写界深度、かすかなフィルム粒子で撮影した一枚"},
     {"宁静", "serene", "静謐"},
     {"过曝，塑料质感", "overexposure, plastic skin", "白飛び、プラスチックのような肌"}},
    {"cyberpunk",
     {"画面以低角度透视构图，品红与青蓝的光在潮湿的金属、玻璃与路面上互相映照",
      "a low-angle perspective composition in which magenta and cyan reflect in wet metal, glass "
      "and asphalt",
      "ローアングルの遠近構図で、マゼンタとシアンの光が濡れた金属とガラスと路面に映り込む"},
     {"用 24mm 广角镜头拍摄，镜头光晕横贯画面",
      "shot on a 24mm wide lens with horizontal lens flares",
      "24mm広角レンズ、横に伸びるレンズフレアで捉えた一枚"},
     {"迷离而躁动", "electric and restless", "妖しく高揚した"},
     {"白天，田园", "daylight, pastoral scenery", "昼間、田園風景"}},
    {"watercolor",
     {"画面大量留白，颜料在粗纹水彩纸上晕染，淡雅的颜色彼此渗透",
      "generous white space, pigments blooming on cold-pressed paper and pale colours bleeding "
      "into one another",
      "余白を広く取り、粗目の水彩紙に顔料がにじみ、淡い色が互いに溶け合う"},
     {"湿画法，边缘柔和，可见纸张纹理",
      "wet-on-wet technique with soft edges and visible paper texture",
      "ウェット・イン・ウェット技法、柔らかな輪郭と紙の肌理が見える"},
     {"清新温柔", "tender and fresh", "優しく清らか"},
     {"照片写实，硬边", "photorealism, hard edges", "写真のような写実、硬い輪郭"}},
    {"ink",
     {"画面以留白构图，浓淡墨色在宣纸上层层晕开，远景虚入云气，只点一抹朱红",
      "a composition of emptiness, ink in many shades spreading on rice paper, distance dissolving "
      "into mist, one touch of vermilion",
      "余白を生かした構図で、濃淡の墨が和紙に重なり滲み、遠景は霞に消え、朱を一点だけ置く"},
     {"写意笔法，飞白与皴擦清晰可见", "free brushwork with visible dry strokes and texture strokes",
      "写意の筆致、かすれと皴が見える"},
     {"空灵", "ethereal", "幽玄"},
     {"鲜艳色彩，三维渲染", "vivid colours, 3D rendering", "鮮やかな色、3Dレンダリング"}},
    {"anime",
     {"画面构图开阔，大片积云与通透的天空，色彩明亮干净，线条利落",
      "an open composition with towering clouds and a clear sky, bright clean colours and crisp "
      "lines",
      "大きな積雲と澄んだ空の開放的な構図、明るく澄んだ色と迷いのない線"},
     {"赛璐璐上色，手绘背景，微微的镜头眩光",
      "cel shading over a hand-painted background with a slight lens flare",
      "セル塗りに手描きの背景、わずかなレンズフレア"},
     {"明朗而怀念", "bright and nostalgic", "爽やかで懐かしい"},
     {"写实照片，畸形的手", "photorealism, deformed hands", "実写、崩れた手"}},
    {"documentary",
     {"画面平实自然，环境与人物同样重要，颜色真实不夸张，材质如所见",
      "an honest natural frame that gives the surroundings as much weight as the subject, true "
      "colours and materials as they are",
      "飾らない自然な構図で周囲と被写体を等しく捉え、色も素材もありのまま"},
     {"用 35mm 定焦镜头手持拍摄，自然光", "shot handheld on a 35mm prime in available light",
      "35mm単焦点の手持ち、自然光で撮影した一枚"},
     {"真诚", "honest", "率直"},
     {"滤镜感，摆拍", "heavy filters, posed subjects", "過度なフィルター、作られたポーズ"}},
    {"noir",
     {"画面以强烈的明暗对比构图，百叶窗般的长影切开空间，只有黑白与灰，潮湿的石头泛着冷光",
      "a composition of stark light and dark, long slatted shadows cutting the space, only black, "
      "white and grey, wet stone gleaming",
      "強い明暗の構図で長い影が空間を切り、黒と白と灰だけの中に濡れた石が光る"},
     {"用 40mm 镜头低机位拍摄，硬光，高反差黑白胶片",
      "shot low on a 40mm lens with hard light on high-contrast black-and-white film",
      "40mmの低い位置から硬い光、ハイコントラストの白黒フィルムで撮影した一枚"},
     {"悬疑", "suspenseful", "不穏"},
     {"彩色，明快", "colour, cheerfulness", "カラー、明るい雰囲気"}},
    {"oil",
     {"画面构图稳重，暖色与冷影相间，厚涂颜料的笔触与画布纹理清晰可见",
      "a stable composition of warm colour and cool shadow, thick impasto strokes and canvas weave "
      "clearly visible",
      "安定した構図に暖色と冷たい影が交わり、厚塗りの筆致とカンヴァスの目が見える"},
     {"古典油画技法，明暗渐变柔和", "classical oil technique with soft chiaroscuro",
      "古典的な油彩技法、柔らかな明暗法"},
     {"丰盈", "rich", "豊か"},
     {"数码平涂，照片感", "flat digital colour, photographic look",
      "デジタルの平塗り、写真のような質感"}},
    {"clay",
     {"画面像一座手工小舞台，圆润的黏土造型带着指纹，颜色柔和饱满",
      "a frame like a handmade miniature stage, rounded clay forms with fingerprints, soft "
      "saturated colours",
      "手作りの小さな舞台のような構図で、丸い粘土の造形に指紋が残り、色は柔らかく豊か"},
     {"微距镜头，柔光箱打光，定格动画质感", "macro lens under softboxes with a stop-motion feel",
      "マクロレンズとソフトボックス、コマ撮りの質感"},
     {"童趣", "playful", "愛らしい"},
     {"尖锐边缘，写实皮肤", "sharp edges, realistic skin", "鋭い縁、リアルな肌"}},
    {"minimal",
     {"画面只留一个主体与大片纯净的底色，几何构图，三种颜色，哑光质感",
      "one subject against wide clean colour, a geometric composition in three colours with matte "
      "surfaces",
      "被写体ひとつと広い無地だけの幾何学的な構図、三色、マットな質感"},
     {"正投影般的平直视角，无杂物", "a flat, almost orthographic view with nothing to distract",
      "正投影に近い平らな視点、余計なものはない"},
     {"澄澈", "clear", "澄んだ"},
     {"杂乱背景，繁复纹理", "cluttered background, busy texture", "雑然とした背景、複雑な模様"}},
    {"papercut",
     {"画面由层层剪开的彩纸叠成，镂空的纹样投下细细的影子，红与暖金为主",
      "layers of cut coloured paper, openwork patterns casting fine shadows, mostly red and warm "
      "gold",
      "切り抜いた色紙を幾重にも重ね、透かし模様が細い影を落とし、赤と暖かな金を基調とする"},
     {"正面平视，灯箱背光透出纸的纤维", "a frontal view, backlit so that the paper fibres glow",
      "正面からの視点、裏からの光に紙の繊維が透ける"},
     {"喜庆", "festive", "華やか"},
     {"照片写实，渐变反光", "photorealism, glossy gradients", "写真のような写実、光沢のある階調"}},
    {"ukiyoe",
     {"画面以大胆的对角线与裁切构图，平涂的靛蓝与赭红，墨线勾勒，木纹隐约",
      "a bold diagonal, cropped composition, flat indigo and ochre within ink outlines, faint wood "
      "grain",
      "大胆な対角線と裁ち落としの構図、藍と朱の平塗りを墨線で括り、木目がうっすら残る"},
     {"多色套印木版画，天空作渐层晕染", "a multi-block woodcut with graded sky",
      "多色摺り木版、空は一文字ぼかし"},
     {"悠远", "timeless", "悠久"},
     {"三维光影，照片", "3D shading, photography", "立体的な陰影、写真"}},
    {"fantasy",
     {"画面纵深悠远，巨大的尺度衬出渺小的主体，紫与青绿的微光在空气里流动，细节如童话插图",
      "great depth and scale around a small subject, violet and teal glimmers moving in the air, "
      "details like a storybook plate",
      "深い奥行きと大きな尺度が小さな主体を際立たせ、紫と青緑の微光が漂い、細部は絵本の挿絵のよう"},
     {"广角镜头，柔焦光斑", "a wide lens with soft glowing bokeh", "広角レンズ、柔らかな光のぼけ"},
     {"梦幻", "dreamlike", "幻想的"},
     {"现代物件，平淡光线", "modern objects, flat light", "現代の物、平板な光"}},
    {"retro",
     {"画面居中构图，褪色的暖调，高光泛黄，阴影微微抬起，纸与布的旧痕可见",
      "a centred composition in faded warm tones, yellowed highlights, lifted shadows and the wear "
      "of old paper and cloth",
      "中央の構図に色褪せた暖色、黄ばんだハイライトと浮いた影、紙や布の古い跡が見える"},
     {"16mm 胶片，颗粒与轻微漏光", "16mm film with grain and slight light leaks",
      "16mmフィルム、粒子とわずかな光漏れ"},
     {"怀旧", "nostalgic", "懐かしい"},
     {"数码锐化，冷白光", "digital sharpening, cold white light", "デジタルの鋭さ、冷たい白い光"}},
};

constexpr Phrase kLights[] = {
    {"day",
     {"明亮的日光从侧上方落下", "bright daylight falls from above and to the side",
      "明るい昼の光が斜め上から差す"}},
    {"dawn",
     {"清晨柔和的侧光穿过薄薄的空气", "soft early morning side light passes through thin air",
      "早朝の柔らかな側光が薄い空気を抜ける"}},
    {"golden",
     {"黄金时刻的暖光勾出主体的轮廓", "golden hour light rims the subject",
      "ゴールデンアワーの暖かい光が輪郭を縁取る"}},
    {"sunset",
     {"夕阳的逆光把天空染成层层暖色", "sunset backlight stains the sky in layers of warm colour",
      "夕日の逆光が空を暖色の層に染める"}},
    {"night",
     {"清冷的月光铺满夜色，暗部仍有层次",
      "cool moonlight fills the night while the shadows keep their detail",
      "冷たい月光が夜を満たし、暗部にも階調が残る"}},
    {"neon",
     {"霓虹的彩光从两侧夹住主体", "neon light grips the subject from both sides",
      "ネオンの色光が両側から主体を挟む"}},
    {"candlelight",
     {"烛光般的暖光只照亮近处，四周沉入柔和的暗",
      "candlelight warms only what is near and the rest sinks into soft dark",
      "蝋燭の光が近くだけを暖め、周囲は柔らかな闇に沈む"}},
    {"aurora",
     {"极光的绿与紫在天幕上流动", "aurora green and violet flow across the sky",
      "オーロラの緑と紫が空を流れる"}},
};

constexpr Phrase kWeathers[] = {
    {"clear", {"空气通透", "the air is clear", "空気は澄んでいる"}},
    {"rain",
     {"雨丝斜落，地面映出倒影", "slanting rain leaves reflections on the ground",
      "斜めの雨が地面に映り込みを作る"}},
    {"snow",
     {"雪花缓缓落下，声音都被盖住", "snowflakes drift down and hush every sound",
      "雪がゆっくり降り、音を包む"}},
    {"fog", {"薄雾隔开远近的层次", "thin mist parts near from far", "薄い霧が遠近の層を分ける"}},
    {"storm",
     {"乌云压低，远处有闪电", "clouds press low with lightning far away",
      "雲が低く垂れ、遠くに稲妻が走る"}},
    {"wind", {"风拂动衣角与枝叶", "wind stirs cloth and leaves", "風が衣と枝葉を揺らす"}},
    {"cloudy", {"云层缓缓移动", "clouds move slowly", "雲がゆっくり流れる"}},
    {"sandstorm",
     {"扬起的沙尘染黄了光线", "raised sand turns the light yellow",
      "舞い上がる砂が光を黄色く染める"}},
    {"rainbow", {"雨后的虹横在天边", "a rainbow stands over the horizon", "空の端に虹がかかる"}},
    {"heat", {"热浪让远景微微晃动", "heat makes the distance shimmer", "陽炎が遠景を揺らす"}},
};

constexpr Phrase kMotions[] = {
    {"push_in", {"镜头缓缓推进", "slow push in", "カメラがゆっくり寄る"}},
    {"pull_out", {"镜头缓缓拉远", "slow pull out", "カメラがゆっくり引く"}},
    {"pan_left", {"镜头缓缓左摇", "slow pan left", "カメラがゆっくり左にパン"}},
    {"pan_right", {"镜头缓缓右摇", "slow pan right", "カメラがゆっくり右にパン"}},
    {"crane_up", {"镜头缓缓上升", "slow crane up", "カメラがゆっくり上昇"}},
    {"crane_down", {"镜头缓缓下降", "slow crane down", "カメラがゆっくり下降"}},
    {"orbit", {"镜头缓缓环绕", "slow orbit", "カメラがゆっくり回り込む"}},
    {"static", {"固定镜头", "static shot", "固定カメラ"}},
};

constexpr Phrase kParticles[] = {
    {"petals", {"花瓣飘落", "petals fall", "花びらが舞う"}},
    {"leaves", {"落叶飘过", "falling leaves drift by", "落ち葉が舞う"}},
    {"steam", {"热气袅袅上升", "steam rises", "湯気が立ちのぼる"}},
    {"fireflies", {"萤火虫明灭", "fireflies glow and fade", "蛍が明滅する"}},
    {"sparkles", {"光点闪耀", "points of light sparkle", "光がきらめく"}},
    {"bubbles", {"气泡上升", "bubbles rise", "泡がのぼる"}},
    {"rain", {"雨丝落下", "rain falls", "雨が降る"}},
    {"snow", {"雪花落下", "snow falls", "雪が降る"}},
};

const Said& find(std::span<const Phrase> table, std::string_view id) {
  for (const Phrase& phrase : table)
    if (id == phrase.id) return phrase.said;
  return table.front().said;
}

} // namespace

const StylePhrases& style_phrases(std::string_view id) {
  for (const StylePhrases& style : kStyles)
    if (id == style.id) return style;
  return kStyles[0];
}

const Said& light_phrase(std::string_view id) {
  return find(kLights, id);
}
const Said& weather_phrase(std::string_view id) {
  return find(kWeathers, id);
}
const Said& motion_phrase(std::string_view id) {
  return find(kMotions, id);
}
const Said& particle_phrase(std::string_view id) {
  return find(kParticles, id);
}

} // namespace aigc::preview
