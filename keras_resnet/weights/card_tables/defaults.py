"""What `weights="imagenet"` and other spellings mean."""

# keras.applications' own networks have sets of this very tag.
IMAGENET = "imagenet"

# Network to tag: timm's own default, or where that is not for commercial use
# the set that is.
DEFAULTS = {
    "resnet18": "a1_in1k",
    "resnet34": "a1_in1k",
    "resnet26": "bt_in1k",
    "resnet26v1_5": "bt_in1k",
    "resnet50v1_5": "a1_in1k",
    "resnet101v1_5": "a1h_in1k",
    "resnet152v1_5": "a1h_in1k",
    "resnet18d": "ra2_in1k",
    "resnet34d": "ra2_in1k",
    "resnet26d": "bt_in1k",
    "resnet50d": "ra2_in1k",
    "resnet101d": "ra2_in1k",
    "resnet152d": "ra2_in1k",
    "resnet200d": "ra2_in1k",
    "wide_resnet50_2": "racm_in1k",
    "wide_resnet101_2": "tv_in1k",
    "resnext50_32x4d": "a1h_in1k",
    "resnext101_32x4d": "gluon_in1k",
    "resnext101_32x8d": "tv_in1k",
    "resnext101_64x4d": "c1_in1k",
    "seresnet50": "a1_in1k",
    "resnetrs50": "tf_in1k",
    "resnetrs101": "tf_in1k",
    "resnetrs152": "tf_in1k",
    "resnetrs200": "tf_in1k",
    "resnetrs270": "tf_in1k",
    "resnetrs350": "tf_in1k",
    "resnetrs420": "tf_in1k",
    "resnetv2_18": "ra4_e3600_r224_in1k",
    "resnetv2_34": "ra4_e3600_r224_in1k",
    "resnetv2_50": "a1h_in1k",
    "resnetv2_101": "a1h_in1k",
}

# torchvision's names of its sets, to timm's tags of the same ones.
ALIASES = {"IMAGENET1K_V1": "tv_in1k", "IMAGENET1K_V2": "tv2_in1k"}
