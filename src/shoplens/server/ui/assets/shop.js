import{a as t,l as a,Q as m,b as n,E as o}from"./kit.js";t();document.documentElement.lang=a();const e=document.getElementById("app");e&&m(n(o,{title:"ShopLens"}),e);
