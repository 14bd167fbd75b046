"""ShopLens: visual and multimodal product search for online shops."""
